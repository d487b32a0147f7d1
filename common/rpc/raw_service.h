#ifndef VIBESTACK_COMMON_RPC_RAW_SERVICE_H_
#define VIBESTACK_COMMON_RPC_RAW_SERVICE_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <memory>
#include <string>
#include <vector>

namespace grpc {
class Service;
}  // namespace grpc

namespace vibestack::rpc {

// Receives the calls of one service as bytes, before they are parsed. `method` is the index of the
// method in the service's definition. gRPC calls it on any thread; it must not block. `context` and
// the buffers live until gRPC calls OnDone of the returned reactor.
class RawCallHandler {
 public:
  virtual ~RawCallHandler() = default;
  virtual grpc::ServerUnaryReactor* StartUnary(int method, grpc::CallbackServerContext& context,
                                               const grpc::ByteBuffer& request,
                                               grpc::ByteBuffer& response) = 0;
  virtual grpc::ServerWriteReactor<grpc::ByteBuffer>* StartStream(
      int method, grpc::CallbackServerContext& context, const grpc::ByteBuffer& request) = 0;
};

// A service of the API in gRPC's generated code, with raw methods only: they take and return bytes.
// The CMake function vibestack_raw_services generates a function `RawService Raw<Service>()` for
// each service of a .proto file, declared in the header `<file>.raw.h`.
struct RawService {
  std::string full_name;
  std::vector<std::string> methods;  // their names, in the order of the definition
  // Makes the service that a server registers. `calls` must outlive it. (A shared_ptr, because its
  // owners need no definition of grpc::Service. That class has no public header; only generated
  // code includes it.)
  std::shared_ptr<grpc::Service> (*make)(RawCallHandler& calls);
};

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_RAW_SERVICE_H_

#ifndef VIBESTACK_COMMON_RPC_SERVICE_H_
#define VIBESTACK_COMMON_RPC_SERVICE_H_

#include <google/protobuf/descriptor.h>
#include <grpcpp/support/byte_buffer.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/async/task.h"
#include "common/rpc/call.h"
#include "common/rpc/call_interceptor.h"
#include "common/rpc/message.h"
#include "common/rpc/raw_service.h"
#include "common/rpc/server_stream.h"

namespace vibestack::rpc {

// A service of the API whose methods are coroutines:
//
//   rpc::Service service(user::v1::RawUserService(), interceptor);
//   service.Unary("GetUser", this, &Api::GetUser);
//   // Task<absl::StatusOr<User>> GetUser(Call& call, const GetUserRequest& request);
//
// A method with a stream of responses writes to the stream:
//
//   service.Stream("ExportUser", this, &Api::ExportUser);
//   // Task<absl::Status> ExportUser(Call& call, const ExportUserRequest& request,
//   //                               ServerStream<ExportUserResponse>& stream);
//
// The interceptor authorizes every call before the request is parsed. Bytes that are not a message
// of the method's type get INVALID_ARGUMENT (see ParseMessage); a method without a handler gets
// UNIMPLEMENTED. The call, the request and the stream live until the handler's task ends. The
// status of the task's result is the status of the call; an exception that leaves the task is
// INTERNAL.
//
// Bind all handlers before the server starts. From then on the service is constant, and handlers
// run concurrently on any threads. The service must outlive the server.
class Service final : private RawCallHandler {
 public:
  // `raw` comes from vibestack_raw_services (raw_service.h). `interceptor` must outlive this.
  Service(const RawService& raw, CallInterceptor& interceptor);
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  grpc::Service& grpc_service() { return *grpc_service_; }

  // Binds the handler of a method. `name` must be a method of the service with these types;
  // otherwise the process aborts.
  template <typename Request, typename Response>
  void Unary(const std::string& name,
             std::function<Task<absl::StatusOr<Response>>(Call&, const Request&)> handler) {
    Find(name, *Request::descriptor(), *Response::descriptor(), /*streams=*/false).unary =
        [handler = std::move(handler)](Call& call, const grpc::ByteBuffer& request_bytes,
                                       grpc::ByteBuffer& response_bytes) {
          return Handle<Request, Response>(handler, call, request_bytes, response_bytes);
        };
  }

  // The same with a member function of `api`, which must outlive this.
  template <typename Api, typename Request, typename Response>
  void Unary(const std::string& name, Api* api,
             Task<absl::StatusOr<Response>> (Api::*handler)(Call&, const Request&)) {
    Unary<Request, Response>(name, [api, handler](Call& call, const Request& request) {
      return (api->*handler)(call, request);
    });
  }

  // The same for a method with a stream of responses.
  template <typename Request, typename Response>
  void Stream(
      const std::string& name,
      std::function<Task<absl::Status>(Call&, const Request&, ServerStream<Response>&)> handler) {
    Find(name, *Request::descriptor(), *Response::descriptor(), /*streams=*/true).stream =
        [handler = std::move(handler)](Call& call, const grpc::ByteBuffer& request_bytes,
                                       ByteStream& bytes) {
          return HandleStream<Request, Response>(handler, call, request_bytes, bytes);
        };
  }

  template <typename Api, typename Request, typename Response>
  void Stream(const std::string& name, Api* api,
              Task<absl::Status> (Api::*handler)(Call&, const Request&, ServerStream<Response>&)) {
    Stream<Request, Response>(
        name, [api, handler](Call& call, const Request& request, ServerStream<Response>& stream) {
          return (api->*handler)(call, request, stream);
        });
  }

 private:
  // A handler with bytes for the request and the response.
  using UnaryHandler = std::function<Task<absl::Status>(Call&, const grpc::ByteBuffer& request,
                                                        grpc::ByteBuffer& response)>;
  using StreamHandler =
      std::function<Task<absl::Status>(Call&, const grpc::ByteBuffer& request, ByteStream&)>;
  struct Method {
    CallInterceptor::Method described;
    UnaryHandler unary;
    StreamHandler stream;
  };
  class UnaryCall;
  class StreamCall;

  template <typename Request, typename Response>
  static Task<absl::Status> Handle(
      const std::function<Task<absl::StatusOr<Response>>(Call&, const Request&)>& handler,
      Call& call, const grpc::ByteBuffer& request_bytes, grpc::ByteBuffer& response_bytes) {
    Request request;
    const absl::Status parsed = ParseMessage(request_bytes, request);
    if (!parsed.ok()) co_return parsed;
    absl::StatusOr<Response> response = co_await handler(call, request);
    if (!response.ok()) co_return response.status();
    co_return SerializeMessage(*response, response_bytes);
  }

  template <typename Request, typename Response>
  static Task<absl::Status> HandleStream(
      const std::function<Task<absl::Status>(Call&, const Request&, ServerStream<Response>&)>&
          handler,
      Call& call, const grpc::ByteBuffer& request_bytes, ByteStream& bytes) {
    Request request;
    const absl::Status parsed = ParseMessage(request_bytes, request);
    if (!parsed.ok()) co_return parsed;
    ServerStream<Response> stream(bytes);
    co_return co_await handler(call, request, stream);
  }

  grpc::ServerUnaryReactor* StartUnary(int method, grpc::CallbackServerContext& context,
                                       const grpc::ByteBuffer& request,
                                       grpc::ByteBuffer& response) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* StartStream(int method,
                                                          grpc::CallbackServerContext& context,
                                                          const grpc::ByteBuffer& request) override;
  Method& Find(const std::string& name, const google::protobuf::Descriptor& request,
               const google::protobuf::Descriptor& response, bool streams);

  const google::protobuf::ServiceDescriptor& descriptor_;
  CallInterceptor& interceptor_;
  std::vector<Method> methods_;  // in the order of the descriptor
  const std::shared_ptr<grpc::Service> grpc_service_;
};

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_SERVICE_H_

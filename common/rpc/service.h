#ifndef VIBESTACK_COMMON_RPC_SERVICE_H_
#define VIBESTACK_COMMON_RPC_SERVICE_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <grpcpp/impl/codegen/service_type.h>
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
#include "common/rpc/guard.h"
#include "common/rpc/message.h"

namespace vibestack::rpc {

// A proto service whose methods are coroutines behind one guard:
//
//   rpc::Service service(*user::v1::UserService::descriptor(), guard);
//   service.Unary<GetUserRequest, User>("GetUser", [this](Call& call, const GetUserRequest&
//   request) {
//     return GetUser(call, request);   // Task<absl::StatusOr<User>>
//   });
//
// The guard lets a call in before its bytes are even parsed. The call and the request live until
// the handler's task ends. A method without a handler answers UNIMPLEMENTED. Set up before the
// server starts, constant afterwards; must outlive the server.
class Service final : public grpc::Service {
 public:
  // `guard` must outlive this.
  Service(const google::protobuf::ServiceDescriptor& descriptor, Guard& guard);

  // `name` must be a method of the service with these types: anything else ends the process.
  template <typename Request, typename Response>
  void Unary(const std::string& name,
             std::function<Task<absl::StatusOr<Response>>(Call&, const Request&)> handler) {
    Bind(name, *Request::descriptor(), *Response::descriptor(),
         [handler = std::move(handler)](Call& call, const grpc::ByteBuffer& request_bytes,
                                        grpc::ByteBuffer& response_bytes) {
           return Handle<Request, Response>(handler, call, request_bytes, response_bytes);
         });
  }

 private:
  // Answers a call from its bytes into bytes.
  using Handler = std::function<Task<absl::Status>(Call&, const grpc::ByteBuffer& request,
                                                   grpc::ByteBuffer& response)>;
  struct Method {
    Guard::Method described;
    std::string path;  // gRPC keeps a pointer to it.
    Handler handler;
  };
  class UnaryCall;

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

  void AddGuarded(const google::protobuf::MethodDescriptor& descriptor);
  static Task<absl::Status> AnswerUnimplemented(Call&, const grpc::ByteBuffer&, grpc::ByteBuffer&);
  void Bind(const std::string& name, const google::protobuf::Descriptor& request,
            const google::protobuf::Descriptor& response, Handler handler);

  const google::protobuf::ServiceDescriptor& descriptor_;
  Guard& guard_;
  std::vector<std::unique_ptr<Method>> methods_;  // In the order of the descriptor.
};

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_SERVICE_H_

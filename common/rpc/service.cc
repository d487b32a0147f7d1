#include "common/rpc/service.h"

#include <grpcpp/impl/codegen/rpc_service_method.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>

#include <cstdio>
#include <cstdlib>

#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/rpc/grpc_status.h"

namespace vibestack::rpc {

// One call under way. gRPC deletes it by OnDone, after Finish.
class Service::UnaryCall final : public grpc::ServerUnaryReactor, public Call {
 public:
  UnaryCall(Guard& guard, const Method& method, grpc::CallbackServerContext& context,
            const grpc::ByteBuffer& request, grpc::ByteBuffer& response)
      : Call(context), guard_(guard), method_(method), request_(request), response_(response) {}

  Task<void> Run() {
    const absl::Time began = absl::Now();
    absl::Status status = co_await guard_.Admit(method_.described, *this);
    if (status.ok()) status = co_await method_.handler(*this, request_, response_);
    guard_.Record(method_.described, *this, status, absl::Now() - began);
    Finish(ToGrpcStatus(status));
    // Nothing may follow: the call may be gone.
  }

  void OnCancel() override { NotifyCancelled(); }
  void OnDone() override { delete this; }

 private:
  // Lets gRPC run OnDone on the thread that it is on, which saves waking another for each call.
  bool InternalInlineable() override { return true; }

  Guard& guard_;
  const Method& method_;
  const grpc::ByteBuffer& request_;
  grpc::ByteBuffer& response_;
};

Service::Service(const google::protobuf::ServiceDescriptor& descriptor, Guard& guard)
    : descriptor_(descriptor), guard_(guard) {
  for (int i = 0; i < descriptor.method_count(); ++i) AddGuarded(*descriptor.method(i));
}

void Service::AddGuarded(const google::protobuf::MethodDescriptor& descriptor) {
  methods_.push_back(std::make_unique<Method>(Method{
      guard_.Describe(descriptor),
      "/" + descriptor.service()->full_name() + "/" + descriptor.name(), AnswerUnimplemented}));
  const Method& method = *methods_.back();
  AddMethod(new grpc::internal::RpcServiceMethod(method.path.c_str(),
                                                 grpc::internal::RpcMethod::NORMAL_RPC, nullptr));
  MarkMethodRawCallback(
      descriptor.index(),
      new grpc::internal::CallbackUnaryHandler<grpc::ByteBuffer, grpc::ByteBuffer>(
          [this, &method](grpc::CallbackServerContext* context, const grpc::ByteBuffer* in,
                          grpc::ByteBuffer* out) -> grpc::ServerUnaryReactor* {
            auto* call = new UnaryCall(guard_, method, *context, *in, *out);
            Start(call->Run());
            return call;
          }));
}

Task<absl::Status> Service::AnswerUnimplemented(Call&, const grpc::ByteBuffer&, grpc::ByteBuffer&) {
  co_return MakeError(absl::StatusCode::kUnimplemented, "UNIMPLEMENTED",
                      "this server does not serve the method");
}

void Service::Bind(const std::string& name, const google::protobuf::Descriptor& request,
                   const google::protobuf::Descriptor& response, Handler handler) {
  const auto* described = descriptor_.FindMethodByName(name);
  if (described == nullptr || described->input_type() != &request ||
      described->output_type() != &response) {
    std::fprintf(stderr, "%s has no method %s of these types\n", descriptor_.full_name().c_str(),
                 name.c_str());
    std::abort();
  }
  methods_[described->index()]->handler = std::move(handler);
}

}  // namespace vibestack::rpc

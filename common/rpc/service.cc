#include "common/rpc/service.h"

#include <grpcpp/impl/codegen/rpc_service_method.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "common/async/completion.h"
#include "common/base/error.h"
#include "common/rpc/alarm.h"
#include "common/rpc/grpc_status.h"

namespace vibestack::rpc {
namespace {

// A client that takes no byte for so long while there is something to send is gone.
constexpr absl::Duration kWriteTimeout = absl::Minutes(1);

absl::Status UnimplementedError() {
  return MakeError(absl::StatusCode::kUnimplemented, "UNIMPLEMENTED",
                   "this server does not serve the method");
}

}  // namespace

// One call under way. gRPC deletes it by OnDone, after Finish.
class Service::UnaryCall final : public grpc::ServerUnaryReactor, public Call {
 public:
  UnaryCall(CallInterceptor& interceptor, const Method& method,
            grpc::CallbackServerContext& context, const grpc::ByteBuffer& request,
            grpc::ByteBuffer& response)
      : Call(context),
        interceptor_(interceptor),
        method_(method),
        request_(request),
        response_(response) {}

  Task<void> Run() {
    const absl::Time began = absl::Now();
    Span span = CallInterceptor::BeginSpan(method_.described, *this);
    co_await TraceBy(span.context());
    absl::Status status = co_await interceptor_.Admit(method_.described, *this);
    if (status.ok()) status = co_await method_.unary(*this, request_, response_);
    interceptor_.Record(method_.described, *this, status, absl::Now() - began, span);
    Finish(ToGrpcStatus(status));
    // Nothing may follow: the call may be gone.
  }

  void OnCancel() override { NotifyCancelled(); }
  void OnDone() override { delete this; }

 private:
  // Lets gRPC run OnDone on the thread that it is on, which saves waking another for each call.
  bool InternalInlineable() override { return true; }

  CallInterceptor& interceptor_;
  const Method& method_;
  const grpc::ByteBuffer& request_;
  grpc::ByteBuffer& response_;
};

// One stream under way. gRPC deletes it by OnDone, after Finish. (gRPC runs a stream's OnDone and
// OnCancel on threads of its own, so that whoever cancels a stream may hold a lock.)
class Service::StreamCall final : public grpc::ServerWriteReactor<grpc::ByteBuffer>,
                                  public Call,
                                  public ByteStream {
 public:
  StreamCall(CallInterceptor& interceptor, const Method& method,
             grpc::CallbackServerContext& context, const grpc::ByteBuffer& request)
      : Call(context),
        interceptor_(interceptor),
        method_(method),
        context_(context),
        request_(request) {}

  Task<void> Run() {
    const absl::Time began = absl::Now();
    Span span = CallInterceptor::BeginSpan(method_.described, *this);
    co_await TraceBy(span.context());
    absl::Status status = co_await interceptor_.Admit(method_.described, *this);
    if (status.ok()) status = co_await method_.stream(*this, request_, *this);
    interceptor_.Record(method_.described, *this, status, absl::Now() - began, span);
    Finish(ToGrpcStatus(status));
    // Nothing may follow: the call may be gone.
  }

  Task<absl::Status> Write(const grpc::ByteBuffer& bytes) override {
    Completion<bool> taken;
    taken_ = &taken;
    // The alarm may ring while the call ends, so what it shares with us says whether there is still
    // something to cancel.
    auto write_timeout = std::make_shared<WriteTimeout>(&context_);
    const Alarm alarm(absl::Now() + kWriteTimeout, [write_timeout] { write_timeout->End(); });
    StartWrite(&bytes);
    const bool ok = co_await taken;
    write_timeout->Forget();
    if (!ok) co_return ClientGoneError();
    co_return absl::OkStatus();
  }

  Task<absl::Status> Reauthorize() override {
    co_return co_await interceptor_.Admit(method_.described, *this);
  }

  void OnWriteDone(bool ok) override { taken_->Set(ok); }
  void OnCancel() override { NotifyCancelled(); }
  void OnDone() override { delete this; }

 private:
  class WriteTimeout {
   public:
    explicit WriteTimeout(grpc::CallbackServerContext* context) : context_(context) {}
    void End() {
      absl::MutexLock lock(&mutex_);
      if (context_ != nullptr) context_->TryCancel();
    }
    void Forget() {
      absl::MutexLock lock(&mutex_);
      context_ = nullptr;
    }

   private:
    absl::Mutex mutex_;
    grpc::CallbackServerContext* context_ ABSL_GUARDED_BY(mutex_);
  };

  CallInterceptor& interceptor_;
  const Method& method_;
  grpc::CallbackServerContext& context_;
  const grpc::ByteBuffer& request_;
  Completion<bool>* taken_ = nullptr;  // Of the write under way.
};

Service::Service(const google::protobuf::ServiceDescriptor& descriptor,
                 CallInterceptor& interceptor)
    : descriptor_(descriptor), interceptor_(interceptor) {
  for (int i = 0; i < descriptor.method_count(); ++i) AddIntercepted(*descriptor.method(i));
}

void Service::AddIntercepted(const google::protobuf::MethodDescriptor& descriptor) {
  methods_.push_back(std::make_unique<Method>(
      Method{interceptor_.Describe(descriptor),
             "/" + descriptor.service()->full_name() + "/" + descriptor.name(),
             [](Call&, const grpc::ByteBuffer&, grpc::ByteBuffer&) -> Task<absl::Status> {
               co_return UnimplementedError();
             },
             [](Call&, const grpc::ByteBuffer&, ByteStream&) -> Task<absl::Status> {
               co_return UnimplementedError();
             }}));
  const Method& method = *methods_.back();
  const bool streams = descriptor.server_streaming();
  const auto type =
      streams ? grpc::internal::RpcMethod::SERVER_STREAMING : grpc::internal::RpcMethod::NORMAL_RPC;
  AddMethod(new grpc::internal::RpcServiceMethod(method.path.c_str(), type, nullptr));
  MarkMethodRawCallback(descriptor.index(),
                        streams ? MakeStreamHandler(method) : MakeUnaryHandler(method));
}

grpc::internal::MethodHandler* Service::MakeUnaryHandler(const Method& method) {
  return new grpc::internal::CallbackUnaryHandler<grpc::ByteBuffer, grpc::ByteBuffer>(
      [this, &method](grpc::CallbackServerContext* context, const grpc::ByteBuffer* in,
                      grpc::ByteBuffer* out) -> grpc::ServerUnaryReactor* {
        auto* call = new UnaryCall(interceptor_, method, *context, *in, *out);
        Start(call->Run());
        return call;
      });
}

grpc::internal::MethodHandler* Service::MakeStreamHandler(const Method& method) {
  return new grpc::internal::CallbackServerStreamingHandler<grpc::ByteBuffer, grpc::ByteBuffer>(
      [this, &method](grpc::CallbackServerContext* context,
                      const grpc::ByteBuffer* in) -> grpc::ServerWriteReactor<grpc::ByteBuffer>* {
        auto* call = new StreamCall(interceptor_, method, *context, *in);
        Start(call->Run());
        return call;
      });
}

Service::Method& Service::Find(const std::string& name, const google::protobuf::Descriptor& request,
                               const google::protobuf::Descriptor& response, bool streams) {
  const auto* described = descriptor_.FindMethodByName(name);
  if (described == nullptr || described->input_type() != &request ||
      described->output_type() != &response || described->server_streaming() != streams ||
      described->client_streaming()) {
    std::fprintf(stderr, "%s has no method %s of these types\n", descriptor_.full_name().c_str(),
                 name.c_str());
    std::abort();
  }
  return *methods_[described->index()];
}

}  // namespace vibestack::rpc

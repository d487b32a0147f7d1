#include "common/rpc/service.h"

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "common/async/completion.h"
#include "common/base/error.h"
#include "common/base/exception.h"
#include "common/rpc/alarm.h"
#include "common/rpc/grpc_status.h"

namespace vibestack::rpc {
namespace {

// A client that accepts no data for this long, while there is data to send, is considered gone.
constexpr absl::Duration kWriteTimeout = absl::Minutes(1);

absl::Status UnimplementedError() {
  return MakeError(absl::StatusCode::kUnimplemented, "UNIMPLEMENTED",
                   "this server does not implement the method");
}

// Ends the process because of a mistake in the program.
[[noreturn]] void Fail(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::abort();
}

// The definition of a service that is linked into the process.
const google::protobuf::ServiceDescriptor& DescriptorOf(const RawService& raw) {
  const auto* descriptor =
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(raw.full_name);
  if (descriptor == nullptr) Fail(raw.full_name + " is not linked");
  const auto method_count = static_cast<size_t>(descriptor->method_count());
  bool same = raw.methods.size() == method_count;
  for (size_t i = 0; same && i < method_count; ++i) {
    same = raw.methods[i] == descriptor->method(static_cast<int>(i))->name();
  }
  if (!same) Fail(raw.full_name + " has other methods than its generated code");
  return *descriptor;
}

}  // namespace

// One call. gRPC deletes it through OnDone, after Finish.
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
    absl::Status status;
    try {
      status = co_await interceptor_.Authorize(method_.described, *this);
      if (status.ok()) status = co_await method_.unary(*this, request_, response_);
    } catch (...) {
      status = InternalErrorFromException();  // A task could not even begin.
    }
    CatchAll(
        [&] { interceptor_.Record(method_.described, *this, status, absl::Now() - began, span); });
    Finish(ToGrpcStatus(status));
    // This object may be deleted now.
  }

  void OnCancel() override {
    CatchAll([this] { NotifyCancelled(); });
  }
  void OnDone() override { delete this; }

 private:
  // An undocumented hint to gRPC that OnDone never blocks. Without it gRPC runs OnDone on another
  // thread, which costs a wake-up for each call.
  bool InternalInlineable() override { return true; }

  CallInterceptor& interceptor_;
  const Method& method_;
  const grpc::ByteBuffer& request_;
  grpc::ByteBuffer& response_;
};

// One call with a stream of responses. gRPC deletes it through OnDone, after Finish. gRPC calls
// OnDone and OnCancel of a stream on threads of its own, so a caller of TryCancel may hold a lock.
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
    absl::Status status;
    try {
      status = co_await interceptor_.Authorize(method_.described, *this);
      if (status.ok()) status = co_await method_.stream(*this, request_, *this);
    } catch (...) {
      status = InternalErrorFromException();  // A task could not even begin.
    }
    CatchAll(
        [&] { interceptor_.Record(method_.described, *this, status, absl::Now() - began, span); });
    Finish(ToGrpcStatus(status));
    // This object may be deleted now.
  }

  Task<absl::Status> Write(const grpc::ByteBuffer& bytes) override {
    Completion<bool> written;
    written_ = &written;
    // The alarm may fire while the call ends. The shared WriteTimeout knows whether the call still
    // exists.
    auto write_timeout = std::make_shared<WriteTimeout>(&context_);
    const Alarm alarm(absl::Now() + kWriteTimeout, [write_timeout] { write_timeout->End(); });
    StartWrite(&bytes);
    const bool ok = co_await written;
    write_timeout->Forget();
    if (!ok) co_return ClientGoneError();
    co_return absl::OkStatus();
  }

  Task<absl::Status> Reauthorize() override {
    co_return co_await interceptor_.Authorize(method_.described, *this);
  }

  void OnWriteDone(bool ok) override { written_->Set(ok); }
  void OnCancel() override {
    CatchAll([this] { NotifyCancelled(); });
  }
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
  Completion<bool>* written_ = nullptr;  // of the write in progress
};

Service::Service(const RawService& raw, CallInterceptor& interceptor)
    : descriptor_(DescriptorOf(raw)), interceptor_(interceptor), grpc_service_(raw.make(*this)) {
  for (int i = 0; i < descriptor_.method_count(); ++i) {
    methods_.push_back(
        {interceptor_.Describe(*descriptor_.method(i)),
         [](Call&, const grpc::ByteBuffer&, grpc::ByteBuffer&) -> Task<absl::Status> {
           co_return UnimplementedError();
         },
         [](Call&, const grpc::ByteBuffer&, ByteStream&) -> Task<absl::Status> {
           co_return UnimplementedError();
         }});
  }
}

grpc::ServerUnaryReactor* Service::StartUnary(int method, grpc::CallbackServerContext& context,
                                              const grpc::ByteBuffer& request,
                                              grpc::ByteBuffer& response) {
  auto* call = new UnaryCall(interceptor_, methods_[method], context, request, response);
  Start(call->Run());
  return call;
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* Service::StartStream(
    int method, grpc::CallbackServerContext& context, const grpc::ByteBuffer& request) {
  auto* call = new StreamCall(interceptor_, methods_[method], context, request);
  Start(call->Run());
  return call;
}

Service::Method& Service::Find(const std::string& name, const google::protobuf::Descriptor& request,
                               const google::protobuf::Descriptor& response, bool streams) {
  const auto* described = descriptor_.FindMethodByName(name);
  if (described == nullptr || described->input_type() != &request ||
      described->output_type() != &response || described->server_streaming() != streams ||
      described->client_streaming()) {
    Fail(descriptor_.full_name() + " has no method " + name + " of these types");
  }
  return methods_[described->index()];
}

}  // namespace vibestack::rpc

#include "tests/support/client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <future>

#include "vibestack/job/v1/job_service.pb.h"
#include "vibestack/user/v1/auth_service.pb.h"
#include "vibestack/user/v1/user_service.pb.h"

namespace vibestack::e2e {
namespace {

std::string ToString(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

Result<std::string> CallUnchecked(const std::shared_ptr<grpc::Channel>& channel,
                                  const std::string& path, const std::string& bytes,
                                  const With& with) {
  grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer> stub(channel);
  grpc::ClientContext context;
  Prepare(context, with);
  const grpc::Slice slice(bytes);
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> done;
  stub.UnaryCall(&context, path, {}, &request, &response,
                 [&done](grpc::Status status) { done.set_value(std::move(status)); });
  const grpc::Status status = done.get_future().get();
  return {status, status.ok() ? ToString(response) : ""};
}

// The first message of a streaming method, or its status if it ends before.
Result<std::string> CallStream(const std::shared_ptr<grpc::Channel>& channel,
                               const std::string& path, const std::string& bytes,
                               const With& with) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  Prepare(context, with);
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareCall(&context, path, &queue);
  const auto await = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  const grpc::Slice slice(bytes);
  grpc::ByteBuffer response;
  grpc::Status status;
  call->StartCall(nullptr);
  await();
  call->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), nullptr);
  await();
  call->Read(&response, nullptr);
  const bool answered = await();
  if (answered) context.TryCancel();
  call->Finish(&status, nullptr);
  await();
  if (answered) return {grpc::Status::OK, ToString(response)};
  return {status, ""};
}

bool HasStream(const std::string& path) {
  for (const auto* method : AllMethods()) {
    if (PathOf(*method) == path) return method->server_streaming();
  }
  return false;
}

}  // namespace

void Prepare(grpc::ClientContext& context, const With& with) {
  context.set_deadline(absl::ToChronoTime(absl::Now() + with.timeout));
  if (!with.token.empty()) context.AddMetadata("authorization", "Bearer " + with.token);
  if (!with.forwarded_for.empty()) context.AddMetadata("x-forwarded-for", with.forwarded_for);
}

void ExpectWellFormed(const grpc::Status& status, const std::string& what, const With& with) {
  if (status.ok() || (with.transport_may_fail && IsFromTransport(status))) return;
  EXPECT_TRUE(IsWellFormed(status)) << what;
}

Result<std::string> CallRaw(const std::shared_ptr<grpc::Channel>& channel, const std::string& path,
                            const std::string& bytes, const With& with) {
  Result<std::string> result = HasStream(path) ? CallStream(channel, path, bytes, with)
                                               : CallUnchecked(channel, path, bytes, with);
  ExpectWellFormed(result.status, path, with);
  return result;
}

std::string Health(const std::shared_ptr<grpc::Channel>& channel, const std::string& name) {
  // HealthCheckRequest{string service = 1}; Debian's gRPC ships no stub for it.
  const std::string request =
      name.empty() ? "" : "\x0a" + std::string(1, static_cast<char>(name.size())) + name;
  const auto result = CallUnchecked(channel, "/grpc.health.v1.Health/Check", request,
                                    {.timeout = absl::Seconds(2)});
  if (!result.ok()) return "";
  if (result.value == "\x08\x01") return "SERVING";
  return result.value == "\x08\x02" ? "NOT_SERVING" : "";
}

std::shared_ptr<grpc::Channel> Connect(const std::string& address,
                                       std::shared_ptr<grpc::ChannelCredentials> credentials) {
  // Despite the name of the option, this is the minimum timeout of one attempt to connect: a busy
  // machine is slow.
  constexpr int kConnectMillis = 5'000;
  if (credentials == nullptr) credentials = grpc::InsecureChannelCredentials();
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectMillis);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 200);
  arguments.SetMaxReceiveMessageSize(64 << 20);
  return grpc::CreateCustomChannel(address, credentials, arguments);
}

std::vector<const google::protobuf::MethodDescriptor*> AllMethods() {
  std::vector<const google::protobuf::MethodDescriptor*> methods;
  for (const auto* file : {user::v1::SignUpRequest::descriptor()->file(),
                           user::v1::GetUserRequest::descriptor()->file(),
                           job::v1::GetJobRequest::descriptor()->file()}) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        methods.push_back(file->service(s)->method(m));
      }
    }
  }
  return methods;
}

std::string PathOf(const google::protobuf::MethodDescriptor& method) {
  return "/" + method.service()->full_name() + "/" + method.name();
}

bool IsOfJobService(const google::protobuf::MethodDescriptor& method) {
  return method.service()->name() == "JobService";
}

}  // namespace vibestack::e2e

#include "tests/bench/setup.h"

#include <arpa/inet.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "tests/bench/call.h"
#include "vibestack/user/v1/auth_service.grpc.pb.h"

namespace vibestack::bench {
namespace {

constexpr absl::Duration kPollInterval = absl::Milliseconds(1);

absl::StatusOr<sockaddr_in> ParseAddress(const std::string& address) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(address, ':');
  sockaddr_in result{};
  int port = 0;
  if (inet_pton(AF_INET, parts.first.c_str(), &result.sin_addr) != 1 ||
      !absl::SimpleAtoi(parts.second, &port)) {
    return absl::InvalidArgumentError(absl::StrCat("not an IPv4 address with a port: ", address));
  }
  result.sin_family = AF_INET;
  result.sin_port = htons(static_cast<uint16_t>(port));
  return result;
}

bool Listens(const sockaddr_in& address) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const bool connected =
      connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  return connected;
}

bool Serves(const std::shared_ptr<grpc::Channel>& channel, const Call& call) {
  grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer> stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(1));
  grpc::ByteBuffer response;
  std::promise<bool> answered;
  stub.UnaryCall(&context, call.method, {}, &call.requests[0], &response,
                 [&answered](const grpc::Status& status) { answered.set_value(status.ok()); });
  return answered.get_future().get() && call.check(0, response).ok();
}

// Asks every millisecond until `condition` holds or `deadline` is past.
template <typename Condition>
bool Await(absl::Time deadline, Condition condition) {
  while (!condition()) {
    if (absl::Now() > deadline) return false;
    absl::SleepFor(kPollInterval);
  }
  return true;
}

absl::Status FromGrpc(const std::string& method, const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      absl::StrCat(method, ": ", status.error_message()));
}

}  // namespace

absl::StatusOr<int64_t> AwaitReadiness(const std::string& address, absl::Duration timeout) {
  const absl::StatusOr<sockaddr_in> socket_address = ParseAddress(address);
  if (!socket_address.ok()) return socket_address.status();
  const absl::Time deadline = absl::Now() + timeout;
  if (!Await(deadline, [&] { return Listens(*socket_address); })) {
    return absl::DeadlineExceededError(absl::StrCat(address, " does not listen"));
  }
  const auto channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
  const Call readiness = HealthCall("readiness");
  if (!Await(deadline, [&] { return Serves(channel, readiness); })) {
    return absl::DeadlineExceededError(absl::StrCat(address, " is not ready"));
  }
  return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

absl::StatusOr<Session> SignUp(const std::string& address, const std::string& email) {
  const auto stub = user::v1::AuthService::NewStub(
      grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  user::v1::SignUpRequest sign_up;
  sign_up.set_email(email);
  sign_up.set_password(kBenchPassword);
  user::v1::User user;
  grpc::ClientContext sign_up_context;
  const grpc::Status signed_up = stub->SignUp(&sign_up_context, sign_up, &user);
  if (!signed_up.ok()) return FromGrpc("SignUp", signed_up);
  user::v1::LoginRequest login;
  login.set_email(email);
  login.set_password(kBenchPassword);
  user::v1::TokenResponse tokens;
  grpc::ClientContext login_context;
  const grpc::Status logged_in = stub->Login(&login_context, login, &tokens);
  if (!logged_in.ok()) return FromGrpc("Login", logged_in);
  return Session{.user_id = user.id(), .access_token = tokens.access_token()};
}

}  // namespace vibestack::bench

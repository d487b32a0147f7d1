#include "job_service/user_client/user_client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/time/clock.h"
#include "common/async/completion.h"
#include "common/base/error.h"
#include "common/rpc/grpc_status.h"
#include "common/telemetry/log.h"
#include "common/telemetry/measured_batches.h"
#include "common/telemetry/span.h"
#include "common/telemetry/trace_headers.h"
#include "job_service/user_client/peer_error.h"
#include "vibestack/user/v1/auth_service.grpc.pb.h"
#include "vibestack/user/v1/user_service.grpc.pb.h"

namespace vibestack::job_service {
namespace {

using user::v1::AuthService;
using user::v1::BatchGetUsersRequest;
using user::v1::BatchGetUsersResponse;
using user::v1::UserService;

// A peer that does not answer in this time counts as away, so that cached answers serve.
constexpr absl::Duration kLongestCall = absl::Seconds(3);
// What BatchGetUsers takes at once.
constexpr size_t kMaxIds = 1'000;

// How long a new connection may take before it replaces the old one in any case.
constexpr absl::Duration kLongestConnect = absl::Seconds(5);

std::shared_ptr<grpc::ChannelCredentials> CredentialsOf(const tls::Material& material) {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = material.authorities;
  options.pem_private_key = material.key.Reveal();
  options.pem_cert_chain = material.chain;
  return grpc::SslCredentials(options);
}

std::shared_ptr<grpc::Channel> Connect(
    const std::string& address, const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  // In spite of its name, this is the shortest time that one attempt to connect gets: a TLS
  // handshake with a busy peer is slow.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 2'000);
  // The client finds a peer that is back within this time, which is the RetryInfo of our callers.
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
  // Every address of the name gets its share of the calls.
  arguments.SetLoadBalancingPolicyName("round_robin");
  // Finds a peer that is gone without closing its connection.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5'000);
  return grpc::CreateCustomChannel(address, credentials, arguments);
}

// Puts user_service's spans into the same trace.
void PropagateTrace(const TraceContext* trace, grpc::ClientContext& context) {
  if (trace == nullptr) return;
  for (const auto& [name, value] : TraceHeaders(*trace)) context.AddMetadata(name, value);
}

constexpr char kBatchKind[] = "find_owner";

CoalescerOptions LookUpOptions(CoalescerOptions options, Metrics& metrics) {
  options.max_batch = std::min(options.max_batch, kMaxIds);
  return MeasuredBatches(std::move(options), kBatchKind, metrics);
}

absl::flat_hash_map<std::string, auth::AccountState> AccountsOf(
    const BatchGetUsersResponse& response) {
  absl::flat_hash_map<std::string, auth::AccountState> accounts;
  for (const auto& account : response.accounts()) {
    accounts[account.id()] = {true, account.is_active(), account.is_superuser(),
                              account.fingerprint()};
  }
  return accounts;
}

}  // namespace

struct UserClient::Stubs {
  explicit Stubs(const std::shared_ptr<grpc::Channel>& channel)
      : users(UserService::NewStub(channel)), auth(AuthService::NewStub(channel)) {}
  const std::unique_ptr<UserService::Stub> users;
  const std::unique_ptr<AuthService::Stub> auth;
};

UserClient::UserClient(Options options, Metrics& metrics)
    : address_(std::move(options.address)),
      authorization_("Bearer " + options.service_token.Reveal()),
      stubs_(std::make_shared<Stubs>(Connect(address_, options.tls.has_value()
                                                           ? CredentialsOf(options.tls->material)
                                                           : grpc::InsecureChannelCredentials()))),
      finds_(LookUpOptions(std::move(options.batches), metrics),
             [this](const auto& ids, absl::Time deadline) { return FindBatch(ids, deadline); }),
      queue_metric_(RegisterQueueMetric(metrics, kBatchKind, finds_)) {
  if (!options.tls.has_value()) return;
  watcher_ = std::make_unique<tls::Watcher>(*std::move(options.tls),
                                            [this](const tls::Material& material) {
                                              Reconnect(material);
                                              return absl::OkStatus();
                                            });
}

UserClient::~UserClient() { Close(); }

void UserClient::Close() {
  if (watcher_ != nullptr) watcher_->Stop();
  finds_.Close();
}

std::shared_ptr<UserClient::Stubs> UserClient::Present() const {
  absl::MutexLock lock(&mutex_);
  return stubs_;
}

void UserClient::Reconnect(const tls::Material& material) {
  const auto channel = Connect(address_, CredentialsOf(material));
  // Meanwhile calls use the old connection.
  channel->WaitForConnected(absl::ToChronoTime(absl::Now() + kLongestConnect));
  auto fresh = std::make_shared<Stubs>(channel);
  absl::MutexLock lock(&mutex_);
  stubs_.swap(fresh);
}

Task<absl::StatusOr<auth::AccountState>> UserClient::FindAccount(std::string user_id,
                                                                 absl::Time deadline) {
  co_return co_await finds_.Submit(std::move(user_id), deadline);
}

Task<absl::StatusOr<UserClient::Finds::Answers>> UserClient::FindBatch(
    const std::vector<std::string>& ids, absl::Time deadline) {
  BatchGetUsersRequest request;
  const absl::flat_hash_set<std::string> distinct(ids.begin(), ids.end());
  for (const std::string& id : distinct) request.add_ids(id);
  request.set_include_accounts(true);
  BatchGetUsersResponse response;
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(std::min(deadline, absl::Now() + kLongestCall)));
  context.AddMetadata("authorization", authorization_.Reveal());
  const std::shared_ptr<Stubs> stubs = Present();
  const TraceContext* trace = co_await CurrentTrace();
  Span span = StartSpan("vibestack.user.v1.UserService/BatchGetUsers", SpanKind::kClient, trace);
  if (span.context() != nullptr) trace = span.context();
  PropagateTrace(trace, context);
  Completion<grpc::Status> done;
  stubs->users->async()->BatchGetUsers(
      &context, &request, &response, [&done](grpc::Status status) { done.Set(std::move(status)); });
  const grpc::Status status = co_await done;
  span.Set("rpc.system", "grpc");
  span.Set("rpc.grpc.status_code", static_cast<int64_t>(status.error_code()));
  if (!status.ok()) span.Fail("user_service call failed");
  span.End();
  NoteOutcome(status);
  if (!status.ok()) co_return FromPeerError(status, deadline);
  const auto accounts = AccountsOf(response);
  Finds::Answers answers;
  for (const std::string& id : ids) {
    const auto it = accounts.find(id);
    answers.push_back(it == accounts.end() ? auth::AccountState{} : it->second);
  }
  co_return answers;
}

void UserClient::NoteOutcome(const grpc::Status& status) {
  const bool failing = !status.ok();
  if (failing_.exchange(failing) == failing) return;
  if (!failing) {
    Log(LogLevel::kInfo, "user_service_available");
    return;
  }
  const absl::Status error = rpc::FromGrpcStatus(status);
  const std::string reason = ErrorReason(error);
  // An error without a reason is gRPC's own, about the connection.
  Log(LogLevel::kError, "user_service_unavailable",
      {{"code", absl::StatusCodeToString(error.code())},
       {"reason", reason},
       {"message", reason.empty() ? status.error_message() : std::string()}});
}

absl::StatusOr<std::vector<auth::Jwk>> UserClient::FetchKeys(absl::Time deadline) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(deadline));
  user::v1::Jwks response;
  const grpc::Status status = Present()->auth->GetJwks(&context, {}, &response);
  NoteOutcome(status);
  if (!status.ok()) return FromPeerError(status, deadline);
  std::vector<auth::Jwk> keys;
  for (const auto& key : response.keys()) keys.push_back({key.kid(), key.x(), key.y()});
  return keys;
}

}  // namespace vibestack::job_service

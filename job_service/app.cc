#include "job_service/app.h"

#include <algorithm>
#include <utility>

#include "common/base/time_limit.h"
#include "common/db/pool_metrics.h"
#include "common/rpc/account_cache_metrics.h"
#include "common/rpc/process.h"
#include "common/telemetry/batch_span.h"
#include "common/telemetry/log.h"
#include "common/telemetry/tracing.h"

namespace vibestack::job_service {
namespace {

// How long requests to workflows may take to end when the service stops.
constexpr absl::Duration kDispatchGrace = absl::Seconds(5);

CoalescerOptions OwnerBatches(CoalescerOptions options, Metrics& metrics) {
  options.on_batch = BatchMetrics(metrics, "find_owner");
  options.begin_trace = BatchSpans("find_owner");
  return options;
}

rpc::AccountCacheOptions CacheOptions(const Config& config) {
  rpc::AccountCacheOptions options;
  options.ttl = config.owner_ttl;
  options.stale = config.owner_stale;
  return options;
}

}  // namespace

App::App(const Config& config, PushConfig push)
    : config_(config),
      push_config_(std::move(push)),
      pool_(MakePoolOptions()),
      standby_(db::OpenStandby(MakePoolOptions())),
      read_store_(config_.batches, pool_, metrics_),
      change_store_(pool_),
      filter_subscriptions_(config_.poll_interval, MakeSubscriptionSource()),
      publisher_(job_subscriptions_, filter_subscriptions_,
                 [this](std::vector<std::string> payloads, absl::Time deadline) {
                   return change_store_.SendNotify(std::move(payloads), deadline);
                 }),
      stores_(MakeStoreOptions(), read_store_, pool_, publisher_, metrics_),
      dispatcher_(MakeDispatcherOptions(), stores_.dispatch, job_subscriptions_, metrics_),
      users_({.address = config_.user_service_address,
              .tls = config_.user_service_tls,
              .service_token = config_.service_token,
              .batches = OwnerBatches(config_.batches, metrics_)}),
      keys_([this](absl::Time deadline) { return users_.FetchKeys(deadline); }),
      verifier_([this] { return keys_.Snapshot(); }, SystemClock::Instance()),
      accounts_(CacheOptions(config_), SystemClock::Instance(),
                [this](std::string user_id, absl::Time deadline) {
                  return users_.FindAccount(std::move(user_id), deadline);
                }),
      authenticator_([this](const std::string& token) { return VerifyCaller(token); }, accounts_,
                     [this](const std::string& token, absl::Status refusal) {
                       return RefreshKeysAndRetry(token, std::move(refusal));
                     }),
      api_({config_.poll_interval}, stores_, job_subscriptions_, filter_subscriptions_, accounts_,
           interceptor_, dispatcher_),
      listener_(MakeListenerOptions(), accounts_, job_subscriptions_, filter_subscriptions_,
                metrics_),
      sweeper_(
          "leases_ran_out", config_.sweep_interval,
          [this](int limit, absl::Time deadline) {
            return stores_.maintenance.SweepLeases(limit, deadline);
          },
          metrics_),
      silent_runs_(
          "runs_expired", config_.sweep_interval,
          [this](int limit, absl::Time deadline) {
            return stores_.dispatch.ExpireRuns(push_config_.workflows->Snapshot(), limit, deadline);
          },
          metrics_),
      lost_inputs_(
          "inputs_expired", config_.sweep_interval,
          [this](int limit, absl::Time deadline) {
            return stores_.dispatch.FailAwaitingInput(push_config_.workflows->Snapshot(), limit,
                                                      deadline);
          },
          metrics_),
      job_count_gauges_([this](absl::Time deadline) { return stores_.stats.CountAll(deadline); },
                        metrics_) {
  if (config_.retention > absl::ZeroDuration()) {
    retention_ = std::make_unique<Sweeper>(
        "jobs_expired", config_.sweep_interval,
        [this](int limit, absl::Time deadline) {
          return stores_.maintenance.DeleteExpired(config_.retention, limit, deadline);
        },
        metrics_);
  }
  Watch();
  dispatcher_.Refresh();
}

void App::ReloadWorkflows() {
  const absl::Status reloaded = push_config_.workflows->Reload();
  if (!reloaded.ok()) {
    Log(LogLevel::kError, "workflows_not_reloaded", {{"message", reloaded.message()}});
    return;
  }
  Log(LogLevel::kInfo, "workflows_reloaded",
      {{"workflows", push_config_.workflows->Snapshot()->all().size()}});
  dispatcher_.Refresh();
  // A waiting claim of a workflow that is pushed now ends.
  job_subscriptions_.Resync();
}

absl::StatusOr<auth::Claims> App::VerifyCaller(const std::string& token) {
  absl::StatusOr<auth::Claims> claims = verifier_.VerifyCaller(token);
  if (claims.ok() || callback_verifier_ == nullptr) return claims;
  if (auth::ClaimedPurpose(token) != auth::Purpose::kCallback) return claims;
  // Ours: nobody else is asked about it.
  return callback_verifier_->Verify(token, auth::Purpose::kCallback);
}

Task<absl::Status> App::RefreshKeysAndRetry(const std::string& token, absl::Status refusal) {
  auth::TokenFault fault = auth::TokenFault::kNone;
  const absl::StatusOr<auth::Claims> claims = verifier_.VerifyCaller(token, &fault);
  if (claims.ok()) co_return absl::OkStatus();
  // The key may be newer than ours, or we have none yet.
  if (fault != auth::TokenFault::kUnknownKey && !absl::IsUnavailable(refusal)) co_return refusal;
  co_return co_await keys_.Refresh();
}

absl::Status App::Listen() {
  const absl::Status serving = metrics_.Serve(config_.metrics_address);
  if (!serving.ok()) return serving;
  auto identity = tls::ServerIdentity::Open(config_.tls);
  if (!identity.ok()) return identity.status();
  tls_ = *std::move(identity);
  if (tls_ != nullptr) watches_.push_back(tls::RegisterExpiryMetric(metrics_, *tls_));
  absl::StatusOr<std::unique_ptr<rpc::Server>> server =
      rpc::Server::Listen({.address = config_.grpc_address,
                           .credentials = tls_ == nullptr ? nullptr : tls_->credentials(),
                           .health_address = config_.health_address},
                          {&api_.service()});
  if (!server.ok()) return server.status();
  server_ = *std::move(server);
  readiness_.SetServer(server_.get());
  Log(LogLevel::kInfo, "listening",
      {{"grpc_port", server_->port()}, {"metrics_port", metrics_.port()}});
  return rpc::WritePortFile(config_.port_file, {{"grpc", server_->port()},
                                                {"health", server_->health_port()},
                                                {"metrics", metrics_.port()}});
}

void App::Watch() {
  const auto keep = [this](std::vector<MetricRegistration> watched) {
    for (MetricRegistration& one : watched) watches_.push_back(std::move(one));
  };
  keep(db::RegisterPoolMetrics(metrics_, pool_));
  keep(db::RegisterStandbyMetrics(metrics_, standby_.get()));
  keep(rpc::RegisterAccountCacheMetrics(metrics_, accounts_));
  keep(RegisterTracingMetrics(metrics_));
  watches_.push_back(rpc::RegisterReadinessMetric(metrics_, readiness_));
  watches_.push_back(
      metrics_.AddGaugeCallback("vibestack_waiting_calls", "Calls that wait for news of jobs.", {},
                                [this] { return static_cast<double>(job_subscriptions_.size()); }));
  watches_.push_back(RegisterBatchQueueMetric(
      metrics_, "find_owner", [this] { return static_cast<double>(users_.queued()); }));
}

int App::Stop() {
  int given_up = 0;
  {
    const TimeLimit limit(absl::Now() + rpc::DatabaseGrace(config_.shutdown_grace), [&] {
      given_up = pool_.GiveUp();
      if (standby_ != nullptr) standby_->GiveUp();
      listener_.GiveUp();
    });
    StopParts();
  }
  return given_up;
}

void App::StopParts() {
  readiness_.SetServer(nullptr);
  if (server_ != nullptr) server_->SetReady(false);
  // Waiting calls answer now, so that the server need not wait for them.
  job_subscriptions_.Close();
  if (server_ != nullptr) server_->Shutdown(config_.shutdown_grace);
  dispatcher_.Stop(absl::Now() + std::min(config_.shutdown_grace, kDispatchGrace));
  if (callback_key_watcher_ != nullptr) callback_key_watcher_->Stop();
  sweeper_.Stop();
  silent_runs_.Stop();
  lost_inputs_.Stop();
  if (retention_ != nullptr) retention_->Stop();
  job_count_gauges_.Stop();
  listener_.Stop();
  if (tls_ != nullptr) tls_->Stop();
  keys_.Stop();
  users_.Close();
  filter_subscriptions_.Close();
  stores_.Close();
  publisher_.Close();
  if (standby_ != nullptr) standby_->Stop();
  pool_.Stop();
  watches_.clear();
  metrics_.StopServing();
}

}  // namespace vibestack::job_service

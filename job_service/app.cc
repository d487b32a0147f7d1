#include "job_service/app.h"

#include <algorithm>
#include <utility>

#include "common/base/time_limit.h"
#include "common/base/uuid.h"
#include "common/db/listener_metrics.h"
#include "common/db/news.h"
#include "common/db/pool_metrics.h"
#include "common/rpc/account_cache_metrics.h"
#include "common/rpc/alarm.h"
#include "common/rpc/process.h"
#include "common/telemetry/batch_span.h"
#include "common/telemetry/log.h"
#include "common/telemetry/tracing.h"
#include "job_service/events/news_payload.h"

namespace vibestack::job_service {
namespace {

// A NOTIFY begins this long after the one before at the earliest. The first news goes at once;
// under load more of it is merged, for every NOTIFY wakes every replica.
constexpr absl::Duration kNewsInterval = absl::Milliseconds(5);

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
      publisher_(std::make_unique<Publisher>(
          hub_, NewUuid().substr(0, 8),
          [this](std::vector<std::string> payloads, absl::Time deadline) {
            return SendNews(std::move(payloads), deadline);
          })),
      store_(MakeStoreOptions(), pool_, metrics_),
      feed_(config_.poll_interval, MakeFeedSource()),
      dispatches_(
          pool_, [this](JobNews news) { Publish(std::move(news)); }, metrics_),
      dispatcher_(MakeDispatcherOptions(), dispatches_, hub_, metrics_),
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
                       return Reconsider(token, std::move(refusal));
                     }),
      api_({config_.poll_interval}, store_, hub_, feed_, accounts_, guard_,
           {dispatches_, dispatcher_}),
      listener_(MakeListenerOptions()),
      sweeper_(
          "leases_ran_out", config_.sweep_interval,
          [this](int limit, absl::Time deadline) { return store_.Sweep(limit, deadline); },
          metrics_),
      silent_runs_(
          "runs_expired", config_.sweep_interval,
          [this](int limit, absl::Time deadline) {
            return dispatches_.ExpireRuns(push_config_.workflows->Snapshot(), limit, deadline);
          },
          metrics_),
      lost_inputs_(
          "inputs_expired", config_.sweep_interval,
          [this](int limit, absl::Time deadline) {
            return dispatches_.FailUnfed(push_config_.workflows->Snapshot(), limit, deadline);
          },
          metrics_),
      census_([this](absl::Time deadline) { return store_.CountAll(deadline); }, metrics_) {
  if (config_.retention > absl::ZeroDuration()) {
    retention_ = std::make_unique<Sweeper>(
        "jobs_expired", config_.sweep_interval,
        [this](int limit, absl::Time deadline) {
          return store_.Expire(config_.retention, limit, deadline);
        },
        metrics_);
  }
  Watch();
  dispatcher_.Refresh();
}

void App::Publish(JobNews news) {
  feed_.Tell(news);
  publisher_->Publish(std::move(news));
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
  hub_.Resync();
}

absl::StatusOr<auth::Claims> App::VerifyCaller(const std::string& token) {
  absl::StatusOr<auth::Claims> claims = verifier_.VerifyCaller(token);
  if (claims.ok() || callback_verifier_ == nullptr) return claims;
  if (auth::ClaimedPurpose(token) != auth::Purpose::kCallback) return claims;
  // Ours: nobody else is asked about it.
  return callback_verifier_->Verify(token, auth::Purpose::kCallback);
}

Task<absl::Status> App::SendNews(std::vector<std::string> payloads, absl::Time deadline) {
  const absl::Time next = absl::Now() + kNewsInterval;
  absl::Status status = co_await store_.SendNews(std::move(payloads), deadline);
  co_await rpc::WaitUntil(next);
  co_return status;
}

Task<absl::Status> App::Reconsider(const std::string& token, absl::Status refusal) {
  auth::TokenFault fault = auth::TokenFault::kNone;
  const absl::StatusOr<auth::Claims> claims = verifier_.VerifyCaller(token, &fault);
  if (claims.ok()) co_return absl::OkStatus();
  // The key may be newer than ours, or we have none yet.
  if (fault != auth::TokenFault::kUnknownKey && !absl::IsUnavailable(refusal)) co_return refusal;
  co_return co_await keys_.Refresh();
}

void App::OnNotification(const std::string& channel, const std::string& payload) {
  // What we told ourselves has woken our waiters already.
  if (channel == db::kJobsChannel && IsNewsOf(payload, publisher_->origin())) return;
  db::News news = db::ParseNews(payload);
  if (channel == db::kUsersChannel) {
    if (news.resync) return OnListening();
    for (const std::string& id : news.ids) accounts_.Invalidate(id);
    return hub_.TellUsers(news.ids);
  }
  if (news.resync) {
    feed_.Resync();
    return hub_.Resync();
  }
  JobNews job_news;
  job_news.changed = std::move(news.ids);
  job_news.deleted = std::move(news.deleted);
  for (std::string& workflow_id : news.pending) ++job_news.pending[std::move(workflow_id)];
  feed_.Tell(job_news);
  hub_.Tell(job_news);
}

void App::OnListening() {
  accounts_.InvalidateAll();
  feed_.Resync();
  hub_.Resync();
}

absl::Status App::Listen() {
  const absl::Status serving = metrics_.Serve(config_.metrics_address);
  if (!serving.ok()) return serving;
  auto identity = tls::ServerIdentity::Open(config_.tls);
  if (!identity.ok()) return identity.status();
  tls_ = *std::move(identity);
  if (tls_ != nullptr) watches_.push_back(tls::WatchExpiry(metrics_, *tls_));
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
  keep(db::WatchPool(metrics_, pool_));
  keep(db::WatchStandby(metrics_, standby_.get()));
  keep(db::WatchListener(metrics_, listener_));
  keep(rpc::WatchAccountCache(metrics_, accounts_));
  keep(WatchTracing(metrics_));
  watches_.push_back(rpc::WatchReadiness(metrics_, readiness_));
  watches_.push_back(
      metrics_.AddGaugeCallback("vibestack_waiting_calls", "Calls that wait for news of jobs.", {},
                                [this] { return static_cast<double>(hub_.size()); }));
  watches_.push_back(WatchBatchQueue(metrics_, "find_owner",
                                     [this] { return static_cast<double>(users_.queued()); }));
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
  hub_.Close();
  if (server_ != nullptr) server_->Shutdown(config_.shutdown_grace);
  dispatcher_.Stop(absl::Now() + std::min(config_.shutdown_grace, kDispatchGrace));
  if (callback_key_watcher_ != nullptr) callback_key_watcher_->Stop();
  sweeper_.Stop();
  silent_runs_.Stop();
  lost_inputs_.Stop();
  if (retention_ != nullptr) retention_->Stop();
  census_.Stop();
  listener_.Stop();
  if (tls_ != nullptr) tls_->Stop();
  keys_.Stop();
  users_.Close();
  feed_.Close();
  store_.Close();
  publisher_->Close();
  if (standby_ != nullptr) standby_->Stop();
  pool_.Stop();
  watches_.clear();
  metrics_.StopServing();
}

}  // namespace vibestack::job_service

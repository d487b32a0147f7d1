#include "user_service/app.h"

#include <algorithm>
#include <utility>

#include "common/auth/key_files.h"
#include "common/auth/password_metrics.h"
#include "common/base/clock.h"
#include "common/base/time_limit.h"
#include "common/db/change_event.h"
#include "common/db/listener_metrics.h"
#include "common/db/pool_metrics.h"
#include "common/rpc/account_cache_metrics.h"
#include "common/rpc/process.h"
#include "common/telemetry/batch_metrics.h"
#include "common/telemetry/batch_span.h"
#include "common/telemetry/log.h"
#include "common/telemetry/tracing.h"

namespace vibestack::user_service {
namespace {

constexpr char kApplication[] = "user_service";
constexpr absl::Duration kKeyInterval = absl::Seconds(2);
constexpr char kReadKind[] = "users_by_id";

db::PoolOptions Watched(db::PoolOptions options, std::function<void(bool)> on_health,
                        Metrics& metrics) {
  options.on_health = std::move(on_health);
  options.on_work = db::PoolTimes(metrics);
  return options;
}

CoalescerOptions ReadOptions(const Options& options, Metrics& metrics) {
  return {.max_batch = static_cast<size_t>(options.batch_max_rows),
          .max_in_flight = options.batch_in_flight,
          .max_queued = static_cast<size_t>(options.batch_queue),
          .on_batch = BatchMetrics(metrics, kReadKind),
          .begin_trace = BatchSpans(kReadKind)};
}

// An answer that is older than a second must not be used, not even while the database is away:
// whoever is let in needs the database anyway.
rpc::AccountCacheOptions CacheOptions() {
  rpc::AccountCacheOptions options;
  options.ttl = absl::Seconds(1);
  options.stale = options.ttl;
  return options;
}

// Null without a client.
std::unique_ptr<Deliveries> MakeDeliveries(const WebhookOptions& webhook, http::Client* client,
                                           Metrics& metrics) {
  if (client == nullptr) return nullptr;
  return std::make_unique<Deliveries>(
      *client, metrics, SystemClock::Instance(),
      Deliveries::Options{.url = webhook.url, .secret = webhook.secret});
}

}  // namespace

db::PoolOptions DatabaseOptions(const Options& options) {
  db::PoolOptions pool;
  pool.session = UserSessionOptions(options.database_url);
  pool.connections = options.database_connections;
  return pool;
}

App::App(const Options& options, std::unique_ptr<auth::KeyRing> keys, Secret fingerprint_key)
    : options_(options),
      fingerprint_key_(std::move(fingerprint_key)),
      keys_(std::move(keys)),
      rpc_metrics_(metrics_),
      account_cache_(CacheOptions(), SystemClock::Instance(),
                     [this](std::string user_id, absl::Time deadline) {
                       return LoadAccount(std::move(user_id), deadline);
                     }),
      pool_(Watched(
          DatabaseOptions(options), [this](bool healthy) { readiness_.SetHealthy(healthy); },
          metrics_)),
      standby_(db::OpenStandby(DatabaseOptions(options))),
      users_(pool_, {.reads = ReadOptions(options, metrics_),
                     .on_written = [this](const std::string& id) { account_cache_.Invalidate(id); },
                     .standby = standby_.get()}),
      password_pool_({.threads = options.bcrypt_threads,
                      .max_queued = static_cast<size_t>(options.bcrypt_queue)}),
      passwords_(password_pool_, options.bcrypt_cost),
      accounts_(users_, passwords_),
      account_writes_(users_, passwords_),
      sessions_(users_, passwords_, keys_->Provider(), SystemClock::Instance(),
                {.fingerprint_key = fingerprint_key_,
                 .access_token_ttl = options.access_token_ttl,
                 .refresh_token_ttl = options.refresh_token_ttl}),
      webhook_client_(options.webhook.configured()
                          ? std::make_unique<http::Client>(http::Client::Options())
                          : nullptr),
      deliveries_(MakeDeliveries(options.webhook, webhook_client_.get(), metrics_)),
      sign_ups_(options.sign_up_mode, users_, accounts_, keys_->Provider(), SystemClock::Instance(),
                deliveries_.get()),
      password_changes_(users_, passwords_),
      password_resets_(users_, passwords_, keys_->Provider(), SystemClock::Instance(),
                       fingerprint_key_, deliveries_.get()),
      introspections_(users_, keys_->Provider(), SystemClock::Instance(), fingerprint_key_,
                      options.sign_up_mode),
      verifier_(keys_->Provider(), SystemClock::Instance()),
      authenticator_([this](const std::string& token) { return verifier_.VerifyCaller(token); },
                     account_cache_),
      interceptor_(authenticator_, rpc_metrics_, options.trusted_proxies),
      auth_rate_limits_(options.auth_rate_limits, SystemClock::Instance()),
      auth_rate_limiter_(auth_rate_limits_),
      auth_api_(interceptor_, auth_rate_limiter_,
                {.accounts = accounts_,
                 .sessions = sessions_,
                 .sign_ups = sign_ups_,
                 .password_changes = password_changes_,
                 .password_resets = password_resets_,
                 .introspections = introspections_},
                keys_->Provider(), metrics_),
      user_api_(interceptor_, auth_rate_limiter_, accounts_, account_writes_, users_,
                fingerprint_key_) {
  WatchParts();
}

absl::StatusOr<std::unique_ptr<App>> App::Start(const Options& options) {
  auto keys = auth::KeyRing::Open(options.keys_dir);
  if (!keys.ok()) return keys.status();
  auto fingerprint_key = auth::LoadFingerprintSecret(options.keys_dir);
  if (!fingerprint_key.ok()) return fingerprint_key.status();
  std::unique_ptr<App> app(new App(options, *std::move(keys), *std::move(fingerprint_key)));
  const absl::Status opened = app->Open();
  if (!opened.ok()) return opened;
  return app;
}

absl::Status App::Listen() {
  auto identity = tls::ServerIdentity::Open(options_.tls);
  if (!identity.ok()) return identity.status();
  tls_ = *std::move(identity);
  if (tls_ != nullptr) watched_.push_back(tls::RegisterExpiryMetric(metrics_, *tls_));
  auto server = rpc::Server::Listen({.address = options_.grpc_address,
                                     .credentials = tls_ == nullptr ? nullptr : tls_->credentials(),
                                     .health_address = options_.health_address},
                                    {&auth_api_.service(), &user_api_.service()});
  if (!server.ok()) return server.status();
  server_ = *std::move(server);
  return absl::OkStatus();
}

absl::Status App::Open() {
  const absl::Status metrics = metrics_.Serve(options_.metrics_address);
  if (!metrics.ok()) return metrics;
  const absl::Status listening = Listen();
  if (!listening.ok()) return listening;
  key_watcher_ = std::make_unique<auth::KeyWatcher>(*keys_, kKeyInterval);
  listener_ = std::make_unique<db::Listener>(db::ListenerOptions{
      .database_url = options_.database_url,
      .application_name = kApplication,
      .channels = {db::kUsersChannel},
      .on_notification = [this](const std::string&,
                                const std::string& payload) { OnNotification(payload); },
      .on_listening = [this] { account_cache_.InvalidateAll(); },
      .on_lost = [this] { pool_.Probe(); }});
  Keep(db::RegisterListenerMetrics(metrics_, *listener_));
  readiness_.SetServer(server_.get());
  Log(LogLevel::kInfo, "started",
      {{"grpc_port", server_->port()},
       {"metrics_port", metrics_.port()},
       {"signing_kid", keys_->Snapshot()->signing_kid()}});
  return rpc::WritePortFile(options_.port_file, {{"grpc", server_->port()},
                                                 {"health", server_->health_port()},
                                                 {"metrics", metrics_.port()}});
}

void App::OnNotification(const std::string& payload) {
  const db::ChangeEvent event = db::ParseChangeEvent(payload);
  if (event.resync) account_cache_.InvalidateAll();
  for (const std::string& id : event.ids) account_cache_.Invalidate(id);
}

Task<absl::StatusOr<auth::AccountState>> App::LoadAccount(std::string user_id,
                                                          absl::Time deadline) {
  const absl::StatusOr<UserPtr> user = co_await users_.Get(std::move(user_id), deadline);
  if (!user.ok()) co_return user.status();
  co_return StateOf(*user, fingerprint_key_);
}

void App::Keep(std::vector<MetricRegistration> watched) {
  for (MetricRegistration& one : watched) watched_.push_back(std::move(one));
}

void App::WatchParts() {
  Keep(db::RegisterPoolMetrics(metrics_, pool_));
  Keep(db::RegisterStandbyMetrics(metrics_, standby_.get()));
  watched_.push_back(RegisterBatchQueueMetric(
      metrics_, kReadKind, [this] { return static_cast<double>(users_.queued_reads()); }));
  Keep(auth::RegisterPasswordPoolMetrics(metrics_, password_pool_));
  Keep(rpc::RegisterAccountCacheMetrics(metrics_, account_cache_));
  Keep(RegisterTracingMetrics(metrics_));
  watched_.push_back(rpc::RegisterReadinessMetric(metrics_, readiness_));
}

int App::Stop() {
  int given_up = 0;
  {
    const TimeLimit limit(absl::Now() + rpc::DatabaseGrace(options_.shutdown_grace), [&] {
      given_up = pool_.GiveUp();
      if (standby_ != nullptr) standby_->GiveUp();
      if (listener_ != nullptr) listener_->GiveUp();
    });
    StopParts();
  }
  return given_up;
}

void App::StopParts() {
  const absl::Time until = absl::Now() + options_.shutdown_grace;
  if (server_ != nullptr) {
    readiness_.SetServer(nullptr);
    server_->SetReady(false);
    // Passwords may queue for longer than the grace time: half way the rest is answered with
    // UNAVAILABLE, so that no call is left when it ends.
    const TimeLimit limit(absl::Now() + options_.shutdown_grace / 2,
                          [this] { password_pool_.Stop(); });
    server_->Shutdown(options_.shutdown_grace);
  }
  password_pool_.Stop();
  // (A second at least, where calls took all of the grace time.)
  if (deliveries_ != nullptr) deliveries_->Stop(std::max(until, absl::Now() + absl::Seconds(1)));
  if (listener_ != nullptr) listener_->Stop();
  if (key_watcher_ != nullptr) key_watcher_->Stop();
  if (tls_ != nullptr) tls_->Stop();
  users_.Close();
  if (standby_ != nullptr) standby_->Stop();
  pool_.Stop();
  watched_.clear();
  metrics_.StopServing();
}

}  // namespace vibestack::user_service

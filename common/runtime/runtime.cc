#include "common/runtime/runtime.h"

#include "common/base/clock.h"
#include "common/base/time_limit.h"
#include "common/db/listener_metrics.h"
#include "common/db/pool_metrics.h"
#include "common/db/standby_reads.h"
#include "common/rpc/account_cache_metrics.h"
#include "common/runtime/process.h"
#include "common/telemetry/log.h"
#include "common/telemetry/tracing.h"

namespace vibestack::runtime {

Runtime::Runtime(Options options) : options_(std::move(options)), rpc_metrics_(metrics_) {
  Keep(RegisterTracingMetrics(metrics_));
  Keep(rpc::RegisterReadinessMetric(metrics_, readiness_));
}

absl::Status Runtime::Open() {
  if (absl::Status status = metrics_.Serve(options_.metrics_address); !status.ok()) return status;
  auto identity = tls::ServerIdentity::Open(options_.tls);
  if (!identity.ok()) return identity.status();
  tls_ = *std::move(identity);
  if (tls_ == nullptr) return absl::OkStatus();
  OnStop([this] { tls_->Stop(); });
  Keep(tls::RegisterExpiryMetric(metrics_, *tls_));
  return absl::OkStatus();
}

void Runtime::Keep(MetricRegistration registration) {
  registrations_.push_back(std::move(registration));
}

void Runtime::Keep(std::vector<MetricRegistration> registrations) {
  for (MetricRegistration& registration : registrations) Keep(std::move(registration));
}

db::PoolOptions Runtime::MakePoolOptions(const db::SessionOptions& session) {
  db::PoolOptions options;
  options.session = session;
  options.connections = options_.database_connections;
  options.on_health = [this](bool healthy) { readiness_.SetHealthy(healthy); };
  options.on_task_done = db::PoolTaskMetrics(metrics_);
  return options;
}

Database Runtime::StartDatabase(const db::SessionOptions& session) {
  pool_ = &Start<db::Pool>(MakePoolOptions(session));
  Keep(db::RegisterPoolMetrics(metrics_, *pool_));
  std::unique_ptr<db::Pool> opened = db::OpenStandby(MakePoolOptions(session));
  if (opened == nullptr) return {*pool_, nullptr};
  db::Pool& standby = Own(std::move(opened));
  OnStop([&standby] { standby.Stop(); });
  OnAbort([&standby] { standby.Abort(); });
  Keep(db::RegisterStandbyMetrics(metrics_, &standby));
  return {*pool_, &standby};
}

db::Listener& Runtime::StartListener(db::ListenerOptions options) {
  options.database_url = options_.database_url.Reveal();
  options.on_lost = [this] { ProbeDatabase(); };
  db::Listener& listener = Start<db::Listener>(std::move(options));
  OnAbort([&listener] { listener.Abort(); });
  Keep(db::RegisterListenerMetrics(metrics_, listener));
  return listener;
}

void Runtime::ProbeDatabase() { pool_->Probe(); }

rpc::AccountCache& Runtime::MakeAccountCache(rpc::AccountCacheOptions options,
                                             rpc::AccountCache::Loader load) {
  rpc::AccountCache& cache =
      Make<rpc::AccountCache>(options, SystemClock::Instance(), std::move(load));
  Keep(rpc::RegisterAccountCacheMetrics(metrics_, cache));
  return cache;
}

rpc::CallInterceptor& Runtime::MakeInterceptor(
    rpc::Authenticator::Verify verify, rpc::AccountSource& accounts,
    rpc::Authenticator::RefreshKeysAndRetry refresh_keys_and_retry) {
  rpc::Authenticator& authenticator =
      Make<rpc::Authenticator>(std::move(verify), accounts, std::move(refresh_keys_and_retry));
  return Make<rpc::CallInterceptor>(authenticator, rpc_metrics_, options_.trusted_proxies);
}

absl::Status Runtime::StartServer(const std::vector<rpc::Service*>& services) {
  auto server = rpc::Server::Listen({.address = options_.grpc_address,
                                     .credentials = tls_ == nullptr ? nullptr : tls_->credentials(),
                                     .health_address = options_.health_address},
                                    services);
  if (!server.ok()) return server.status();
  server_ = *std::move(server);
  OnStop([this] { FinishCalls(); });
  return absl::OkStatus();
}

absl::Status Runtime::WritePorts() const {
  return WritePortFile(options_.port_file, {{"grpc", server_->port()},
                                            {"health", server_->health_port()},
                                            {"metrics", metrics_.port()}});
}

absl::StatusOr<int> Runtime::Run() {
  OnStop([this] {
    readiness_.SetServer(nullptr);
    server_->SetReady(false);
  });
  readiness_.SetServer(server_.get());
  Log(LogLevel::kInfo, "started",
      {{"grpc_port", server_->port()}, {"metrics_port", metrics_.port()}});
  if (absl::Status status = WritePorts(); !status.ok()) return status;
  const int signal = WaitForStopSignal(on_hangup_);
  Log(LogLevel::kInfo, "stopping", {{"signal", signal}});
  return Stop();
}

void Runtime::FinishCalls() {
  const absl::Duration grace = options_.shutdown_grace;
  const TimeLimit limit(absl::Now() + grace / 2, [this] {
    for (const std::function<void()>& hook : half_grace_hooks_) hook();
  });
  server_->Shutdown(grace);
}

void Runtime::AbortDatabase() {
  if (pool_ != nullptr) aborted_statements_ = pool_->Abort();
  for (const std::function<void()>& hook : abort_hooks_) hook();
}

int Runtime::Stop() {
  stop_deadline_ = absl::Now() + options_.shutdown_grace;
  metrics_.StopServing();  // First, because its port closes while the components stop.
  {
    const TimeLimit limit(absl::Now() + DatabaseGrace(options_.shutdown_grace),
                          [this] { AbortDatabase(); });
    components_.Stop();
  }
  registrations_.clear();
  return aborted_statements_;
}

}  // namespace vibestack::runtime

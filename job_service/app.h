#ifndef VIBESTACK_JOB_SERVICE_APP_H_
#define VIBESTACK_JOB_SERVICE_APP_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "common/auth/caching_verifier.h"
#include "common/auth/key_watcher.h"
#include "common/auth/token_issuer.h"
#include "common/db/pool.h"
#include "common/rpc/account_source.h"
#include "common/rpc/authenticator.h"
#include "common/rpc/call_interceptor.h"
#include "common/rpc/readiness.h"
#include "common/rpc/server.h"
#include "common/telemetry/metrics.h"
#include "common/telemetry/rpc_metrics.h"
#include "common/tls/server_identity.h"
#include "job_service/api/job_api.h"
#include "job_service/config.h"
#include "job_service/dispatch/dispatcher.h"
#include "job_service/maintenance/job_count_gauges.h"
#include "job_service/maintenance/sweeper.h"
#include "job_service/push_config.h"
#include "job_service/store/change_store.h"
#include "job_service/store/job_stores.h"
#include "job_service/store/read_store.h"
#include "job_service/subscriptions/change_listener.h"
#include "job_service/subscriptions/filter_subscriptions.h"
#include "job_service/subscriptions/job_subscriptions.h"
#include "job_service/subscriptions/publisher.h"
#include "job_service/user_client/key_source.h"
#include "job_service/user_client/user_client.h"

namespace vibestack::job_service {

// The running service. The members stand in the order in which they are built; each uses those
// above it. It starts without the database and without user_service and is there when they are.
class App {
 public:
  // `push` is what ReadPushConfig made.
  App(const Config& config, PushConfig push);
  App(const App&) = delete;
  App& operator=(const App&) = delete;
  ~App() { Stop(); }

  // Listens. UNAVAILABLE when an address cannot be had or the port file cannot be written.
  absl::Status Listen();

  // Reads the workflows file again; where it is bad the last good one stays, and that is logged.
  void ReloadWorkflows();

  // Answers every call under way, new ones no longer, and stops what is behind them. Where the
  // database hangs it gives up some time before the grace time is over; how many statements were
  // given up, 0 after a clean end. May be called twice.
  int Stop();

 private:
  db::PoolOptions MakePoolOptions();
  StoreOptions MakeStoreOptions();
  ChangeListener::Options MakeListenerOptions();
  Dispatcher::Options MakeDispatcherOptions();
  absl::StatusOr<auth::Claims> VerifyCaller(const std::string& token);
  Task<absl::Status> RefreshKeysAndRetry(const std::string& token, absl::Status refusal);
  FilterSubscriptions::Source MakeSubscriptionSource();
  void Watch();
  void StopParts();

  const Config config_;
  const PushConfig push_config_;
  Metrics metrics_;
  RpcMetrics rpc_metrics_{metrics_};
  rpc::Readiness readiness_;
  JobSubscriptions job_subscriptions_;
  db::Pool pool_;
  std::unique_ptr<db::Pool> standby_;  // Null without one.
  // The way of a change event: stores -> publisher_ -> NOTIFY -> listener_ -> subscriptions.
  ReadStore read_store_;
  ChangeStore change_store_;
  FilterSubscriptions filter_subscriptions_;
  Publisher publisher_;
  JobStores stores_;
  // None without keys for callback tokens.
  std::unique_ptr<auth::KeyWatcher> callback_key_watcher_;
  std::unique_ptr<auth::TokenIssuer> callback_issuer_;
  std::unique_ptr<auth::CachingVerifier> callback_verifier_;
  Dispatcher dispatcher_;
  UserClient users_;
  KeySource keys_;
  auth::CachingVerifier verifier_;
  rpc::AccountCache accounts_;
  rpc::Authenticator authenticator_;
  rpc::CallInterceptor interceptor_{authenticator_, rpc_metrics_, config_.trusted_proxies};
  JobApi api_;
  ChangeListener listener_;
  Sweeper sweeper_;
  Sweeper silent_runs_;  // These two are of pushed workflows.
  Sweeper lost_inputs_;
  std::unique_ptr<Sweeper> retention_;  // Null when jobs are kept for ever.
  JobCountGauges job_count_gauges_;
  std::vector<MetricRegistration> watches_;
  std::unique_ptr<tls::ServerIdentity> tls_;  // Null in plaintext.
  std::unique_ptr<rpc::Server> server_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_APP_H_

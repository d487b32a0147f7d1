#ifndef VIBESTACK_USER_SERVICE_APP_H_
#define VIBESTACK_USER_SERVICE_APP_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/auth/caching_verifier.h"
#include "common/auth/key_ring.h"
#include "common/auth/key_watcher.h"
#include "common/auth/password_pool.h"
#include "common/base/secret.h"
#include "common/db/listener.h"
#include "common/db/pool.h"
#include "common/http/client.h"
#include "common/rpc/account_source.h"
#include "common/rpc/authenticator.h"
#include "common/rpc/call_interceptor.h"
#include "common/rpc/readiness.h"
#include "common/rpc/server.h"
#include "common/telemetry/metrics.h"
#include "common/telemetry/rpc_metrics.h"
#include "common/tls/server_identity.h"
#include "user_service/api/auth_api.h"
#include "user_service/api/auth_rate_limiter.h"
#include "user_service/api/user_api.h"
#include "user_service/domain/account_writes.h"
#include "user_service/domain/accounts.h"
#include "user_service/domain/introspections.h"
#include "user_service/domain/password_changes.h"
#include "user_service/domain/password_resets.h"
#include "user_service/domain/passwords.h"
#include "user_service/domain/sessions.h"
#include "user_service/domain/sign_ups.h"
#include "user_service/mail/deliveries.h"
#include "user_service/options.h"
#include "user_service/store/user_store.h"

namespace vibestack::user_service {

// The pool's settings for this service: its statements prepared on the schema that it knows.
db::PoolOptions DatabaseOptions(const Options& options);

// Everything that serves, each part after what it uses. Not ready, but up, while the database is
// away.
class App {
 public:
  // Reads the keys, opens the ports and writes the port file. UNAVAILABLE for a port that is taken;
  // else what is wrong with the keys or the port file, in words for the operator.
  static absl::StatusOr<std::unique_ptr<App>> Start(const Options& options);
  App(const App&) = delete;
  App& operator=(const App&) = delete;
  ~App() { Stop(); }

  // Answers every call under way, within the grace time, and stops the parts in the order of their
  // use. May be called twice, by the thread that started it.
  // Where the database hangs it gives up some time before the grace time is over; how many
  // statements were given up, 0 after a clean end.
  int Stop();

 private:
  App(const Options& options, std::unique_ptr<auth::KeyRing> keys, Secret fingerprint_key);

  absl::Status Open();
  absl::Status Listen();
  void OnNotification(const std::string& payload);
  Task<absl::StatusOr<auth::AccountState>> LoadAccount(std::string user_id, absl::Time deadline);
  void WatchParts();
  void Keep(std::vector<MetricRegistration> watched);
  void StopParts();

  const Options options_;
  const Secret fingerprint_key_;
  std::unique_ptr<auth::KeyRing> keys_;
  rpc::Readiness readiness_;

  Metrics metrics_;
  RpcMetrics rpc_metrics_;
  rpc::AccountCache account_cache_;
  db::Pool pool_;
  std::unique_ptr<db::Pool> standby_;  // null without one
  UserStore users_;
  auth::PasswordPool password_pool_;
  Passwords passwords_;
  Accounts accounts_;
  AccountWrites account_writes_;
  Sessions sessions_;
  std::unique_ptr<http::Client> webhook_client_;  // both null without a webhook
  std::unique_ptr<Deliveries> deliveries_;
  SignUps sign_ups_;
  PasswordChanges password_changes_;
  PasswordResets password_resets_;
  Introspections introspections_;
  auth::CachingVerifier verifier_;
  rpc::Authenticator authenticator_;
  rpc::CallInterceptor interceptor_;
  AuthRateLimits auth_rate_limits_;
  AuthRateLimiter auth_rate_limiter_;
  AuthApi auth_api_;
  UserApi user_api_;
  std::unique_ptr<auth::KeyWatcher> key_watcher_;
  std::unique_ptr<db::Listener> listener_;
  std::unique_ptr<tls::ServerIdentity> tls_;  // null in plaintext
  std::vector<MetricRegistration> watched_;
  std::unique_ptr<rpc::Server> server_;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_APP_H_

#ifndef VIBESTACK_COMMON_RUNTIME_RUNTIME_H_
#define VIBESTACK_COMMON_RUNTIME_RUNTIME_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/db/listener.h"
#include "common/db/pool.h"
#include "common/rpc/account_source.h"
#include "common/rpc/authenticator.h"
#include "common/rpc/call_interceptor.h"
#include "common/rpc/readiness.h"
#include "common/rpc/server.h"
#include "common/rpc/service.h"
#include "common/runtime/components.h"
#include "common/runtime/options.h"
#include "common/telemetry/metrics.h"
#include "common/telemetry/rpc_metrics.h"
#include "common/tls/server_identity.h"

namespace vibestack::runtime {

// The databases that a service uses.
struct Database {
  db::Pool& pool;
  db::Pool* standby;  // null without --read_database_url
};

// One running service: owns its components and stops them in order.
//
// A service's wiring function starts the components, each after those that it uses. It starts the
// gRPC server near the end; only components that must stop before the server come later. Stop()
// goes in reverse order: the service becomes not ready, the server finishes its calls, then the
// components stop, the database after all that use it. The metrics endpoint stops first.
//
// StartDatabase, StartListener and MakeAccountCache also register the metrics of their component.
// Only the main thread may use this; each component says which threads may use it.
class Runtime {
 public:
  explicit Runtime(Options options);
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
  ~Runtime() { Stop(); }

  const Options& options() const { return options_; }
  Metrics& metrics() { return metrics_; }

  // Serves /metrics and reads the TLS files; call it first. UNAVAILABLE when the port is taken.
  absl::Status Open();

  // Takes ownership of an object that needs no stop; see Components for the contract.
  template <typename T>
  T& Own(std::unique_ptr<T> object) {
    return components_.Own(std::move(object));
  }
  // Makes an object that needs no stop.
  template <typename T, typename... Arguments>
  T& Make(Arguments&&... arguments) {
    return Own(std::make_unique<T>(std::forward<Arguments>(arguments)...));
  }
  // Makes a component, which starts it. Stop() below calls its Stop() or Close().
  template <typename T, typename... Arguments>
  T& Start(Arguments&&... arguments) {
    T& component = Make<T>(std::forward<Arguments>(arguments)...);
    if constexpr (requires { component.Stop(); }) {
      OnStop([&component] { component.Stop(); });
    } else {
      OnStop([&component] { component.Close(); });
    }
    return component;
  }
  void OnStop(std::function<void()> stop) { components_.OnStop(std::move(stop)); }

  // Keeps registrations until all components have stopped.
  void Keep(MetricRegistration registration);
  void Keep(std::vector<MetricRegistration> registrations);

  // Starts the pool of the primary and, with --read_database_url, that of the standby. The service
  // is ready while the primary's pool is healthy.
  Database StartDatabase(const db::SessionOptions& session);

  // Starts a listener of these channels on the same database. The runtime sets database_url and
  // on_lost. Needs StartDatabase.
  db::Listener& StartListener(db::ListenerOptions options);

  // Stop() runs `hook`, on a thread of its own, when it abandons a database that does not
  // answer. For a component that has its own database connection.
  void OnAbort(std::function<void()> hook) { abort_hooks_.push_back(std::move(hook)); }
  // Makes the pool check every idle connection. For a listener that lost its own.
  void ProbeDatabase();

  // Makes a cache of account states. `load` reads a state that is not cached.
  rpc::AccountCache& MakeAccountCache(rpc::AccountCacheOptions options,
                                      rpc::AccountCache::Loader load);
  // Makes the interceptor of all calls; arguments as for rpc::Authenticator.
  rpc::CallInterceptor& MakeInterceptor(
      rpc::Authenticator::Verify verify, rpc::AccountSource& accounts,
      rpc::Authenticator::RefreshKeysAndRetry refresh_keys_and_retry = nullptr);

  // Serves gRPC; not ready until Run(). UNAVAILABLE when an address is taken. Call it once.
  absl::Status StartServer(const std::vector<rpc::Service*>& services);
  // Stop() runs `hook`, on a thread of its own, at half of the grace time if calls are still in
  // progress then. For queues that may need more than the grace time.
  void OnHalfGrace(std::function<void()> hook) { half_grace_hooks_.push_back(std::move(hook)); }
  // Runs `hook` on SIGHUP, in the main thread. Without a hook SIGHUP stops the service.
  void OnHangup(std::function<void()> hook) { on_hangup_ = std::move(hook); }

  // Becomes ready, writes the port file, waits for SIGTERM or SIGINT and stops. Returns the result
  // of Stop(). UNAVAILABLE when the port file cannot be written. Needs StartServer.
  absl::StatusOr<int> Run();

  // Lets the calls in progress end within the grace time and stops the components. Abandons a
  // database that does not answer within DatabaseGrace. Returns the number of abandoned statements
  // of the primary's pool; 0 after a clean stop. A second call does nothing and returns the same.
  int Stop();

  // The end of the grace time, for a component that uses the rest of it. InfiniteFuture() before
  // Stop().
  absl::Time stop_deadline() const { return stop_deadline_; }

 private:
  db::PoolOptions MakePoolOptions(const db::SessionOptions& session);
  void AbortDatabase();
  void FinishCalls();
  absl::Status WritePorts() const;

  const Options options_;
  Metrics metrics_;
  RpcMetrics rpc_metrics_;
  rpc::Readiness readiness_;
  std::vector<std::function<void()>> abort_hooks_;
  std::vector<std::function<void()>> half_grace_hooks_;
  std::function<void()> on_hangup_;
  db::Pool* pool_ = nullptr;  // null before StartDatabase
  int aborted_statements_ = 0;
  absl::Time stop_deadline_ = absl::InfiniteFuture();
  Components components_;
  std::unique_ptr<tls::ServerIdentity> tls_;  // null in plaintext
  std::unique_ptr<rpc::Server> server_;       // null before StartServer
  std::vector<MetricRegistration> registrations_;
};

}  // namespace vibestack::runtime

#endif  // VIBESTACK_COMMON_RUNTIME_RUNTIME_H_

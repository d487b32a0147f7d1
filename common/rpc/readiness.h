#ifndef VIBESTACK_COMMON_RPC_READINESS_H_
#define VIBESTACK_COMMON_RPC_READINESS_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/rpc/server.h"
#include "common/telemetry/metrics.h"

namespace vibestack::rpc {

// Makes a server ready while the database is healthy. The server may be replaced at any time.
// Thread-safe.
class Readiness {
 public:
  // Whether the database is available.
  void SetHealthy(bool healthy);

  // Sets the server to update; null for none. The server must live until it is replaced.
  void SetServer(Server* server);

  // Whether there is a server and it is ready.
  bool ready() const;

 private:
  mutable absl::Mutex mutex_;
  bool healthy_ ABSL_GUARDED_BY(mutex_) = false;
  Server* server_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

// vibestack_ready: 1 while ready(), else 0. Both arguments must outlive the registration.
MetricRegistration RegisterReadinessMetric(Metrics& metrics, const Readiness& readiness);

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_READINESS_H_

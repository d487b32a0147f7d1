#ifndef VIBESTACK_COMMON_RPC_READINESS_H_
#define VIBESTACK_COMMON_RPC_READINESS_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/rpc/server.h"
#include "common/telemetry/metrics.h"

namespace vibestack::rpc {

// Readiness as the database has it, for a server that may not be there yet. Thread-safe.
class Readiness {
 public:
  // The database is there, or is not.
  void SetHealthy(bool healthy);

  // From now on the server is told; with null, no longer. The server must live until then.
  void SetServer(Server* server);

  // Whether a server says that it is ready.
  bool ready() const;

 private:
  mutable absl::Mutex mutex_;
  bool healthy_ ABSL_GUARDED_BY(mutex_) = false;
  Server* server_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

// vibestack_ready: 1 while ready(), else 0. Both must outlive the registration.
MetricRegistration RegisterReadinessMetric(Metrics& metrics, const Readiness& readiness);

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_READINESS_H_

#ifndef VIBESTACK_COMMON_DB_POOL_METRICS_H_
#define VIBESTACK_COMMON_DB_POOL_METRICS_H_

#include <vector>

#include "absl/time/time.h"
#include "common/db/pool.h"
#include "common/telemetry/metrics.h"

namespace vibestack::db {

// vibestack_db_wait_seconds and vibestack_db_use_seconds: how long tasks waited for a connection
// and how long they used it. A value for PoolOptions::on_task_done. Cheap to copy. `metrics` must
// outlive this. Thread-safe.
class PoolTaskMetrics {
 public:
  explicit PoolTaskMetrics(Metrics& metrics);

  void operator()(absl::Duration waited, absl::Duration used) const;

 private:
  prometheus::Histogram* wait_;
  prometheus::Histogram* use_;
};

// vibestack_db_connections{state="live"|"busy"}, vibestack_db_queue (tasks that wait for a
// connection) and vibestack_db_connects_total (opened connections, including replacements). Both
// arguments must outlive the registrations.
std::vector<MetricRegistration> RegisterPoolMetrics(Metrics& metrics, const Pool& pool);

// vibestack_db_standby_connections{state="live"|"busy"}; nothing when `standby` is null
// (standby_reads.h). Both arguments must outlive the registrations.
std::vector<MetricRegistration> RegisterStandbyMetrics(Metrics& metrics, const Pool* standby);

}  // namespace vibestack::db

#endif  // VIBESTACK_COMMON_DB_POOL_METRICS_H_

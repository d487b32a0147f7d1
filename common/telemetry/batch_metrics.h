#ifndef VIBESTACK_COMMON_TELEMETRY_BATCH_METRICS_H_
#define VIBESTACK_COMMON_TELEMETRY_BATCH_METRICS_H_

#include <cstddef>
#include <functional>
#include <string>

#include "absl/time/time.h"
#include "common/telemetry/metrics.h"

namespace vibestack {

// vibestack_batch_size{kind} and vibestack_batch_wait_seconds{kind}: how well the calls of one kind
// (such as `get_user`) coalesce. Cheap to copy. `metrics` must outlive this. Thread-safe.
class BatchMetrics {
 public:
  BatchMetrics(Metrics& metrics, const std::string& kind);

  // Records a batch of `size` requests whose first request waited for `waited`. Takes about 100 ns.
  void Record(size_t size, absl::Duration waited) const;

  // Lets this serve as CoalescerOptions::on_batch.
  void operator()(size_t size, absl::Duration waited) const { Record(size, waited); }

 private:
  prometheus::Histogram* size_;
  prometheus::Histogram* wait_;
};

// vibestack_batch_queue{kind}: the number of waiting requests, read at each scrape. Destroy the
// registration before what `queued` reads.
MetricRegistration RegisterBatchQueueMetric(Metrics& metrics, const std::string& kind,
                                            std::function<double()> queued);

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_TELEMETRY_BATCH_METRICS_H_

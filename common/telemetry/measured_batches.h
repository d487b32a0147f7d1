#ifndef VIBESTACK_COMMON_TELEMETRY_MEASURED_BATCHES_H_
#define VIBESTACK_COMMON_TELEMETRY_MEASURED_BATCHES_H_

#include <string>
#include <utility>

#include "common/async/coalescer.h"
#include "common/telemetry/batch_metrics.h"
#include "common/telemetry/batch_span.h"
#include "common/telemetry/metrics.h"

namespace vibestack {

// Returns `options` with the metrics and spans for batches of this kind. Call it after
// StartTracing.
inline CoalescerOptions MeasuredBatches(CoalescerOptions options, const std::string& kind,
                                        Metrics& metrics) {
  options.on_batch = BatchMetrics(metrics, kind);
  options.begin_trace = BatchSpans(kind);
  return options;
}

// Exports the number of calls that wait in `queue`, which has a method queued(), as Coalescer has.
// `queue` must outlive the registration.
template <typename Queue>
MetricRegistration RegisterQueueMetric(Metrics& metrics, const std::string& kind,
                                       const Queue& queue) {
  return RegisterBatchQueueMetric(metrics, kind,
                                  [&queue] { return static_cast<double>(queue.queued()); });
}

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_TELEMETRY_MEASURED_BATCHES_H_

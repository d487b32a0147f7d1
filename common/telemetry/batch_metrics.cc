#include "common/telemetry/batch_metrics.h"

#include <utility>

namespace vibestack {

BatchMetrics::BatchMetrics(Metrics& metrics, const std::string& kind)
    : size_(&metrics.Histogram("vibestack_batch_size",
                               "Requests in one batch, which runs as one or a few statements.",
                               {{"kind", kind}}, {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024})),
      wait_(&metrics.Histogram("vibestack_batch_wait_seconds",
                               "Time that the first request of a batch waited.", {{"kind", kind}},
                               {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                0.1, 0.25, 0.5, 1, 2.5, 5})) {}

void BatchMetrics::Record(size_t size, absl::Duration waited) const {
  size_->Observe(static_cast<double>(size));
  wait_->Observe(absl::ToDoubleSeconds(waited));
}

MetricRegistration RegisterBatchQueueMetric(Metrics& metrics, const std::string& kind,
                                            std::function<double()> queued) {
  return metrics.AddGaugeCallback("vibestack_batch_queue", "Requests that wait to be batched.",
                                  {{"kind", kind}}, std::move(queued));
}

}  // namespace vibestack

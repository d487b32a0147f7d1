#include "common/telemetry/rpc_metrics.h"

namespace vibestack {
namespace {

// From a coalesced read (far below 1 ms) to a long poll.
const prometheus::Histogram::BucketBoundaries& DurationBounds() {
  static const auto& bounds = *new prometheus::Histogram::BucketBoundaries{
      0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60};
  return bounds;
}

}  // namespace

void RpcMethodMetrics::Record(absl::StatusCode code, absl::Duration duration) {
  auto index = static_cast<size_t>(code);
  if (index >= kCodes) index = static_cast<size_t>(absl::StatusCode::kUnknown);
  handled_[index].fetch_add(1, std::memory_order_relaxed);
  duration_.Observe(absl::ToDoubleSeconds(duration));
}

RpcMetrics::RpcMetrics(Metrics& metrics)
    : metrics_(metrics),
      handled_(metrics.AddSource(
          "vibestack_rpc_handled_total", "Finished calls by status code.",
          prometheus::MetricType::Counter,
          [this](std::vector<prometheus::ClientMetric>& series) { AppendHandled(series); })) {}

RpcMethodMetrics& RpcMetrics::Method(const std::string& service, const std::string& method) {
  absl::MutexLock lock(&mutex_);
  std::unique_ptr<RpcMethodMetrics>& metrics = methods_[{service, method}];
  if (metrics == nullptr) {
    metrics = std::make_unique<RpcMethodMetrics>(metrics_.Histogram(
        "vibestack_rpc_duration_seconds", "Time from the arrival of a call to its status.",
        {{"service", service}, {"method", method}}, DurationBounds()));
  }
  return *metrics;
}

void RpcMetrics::AppendHandled(std::vector<prometheus::ClientMetric>& series) const {
  absl::MutexLock lock(&mutex_);
  for (const auto& [name, method] : methods_) {
    for (size_t code = 0; code < RpcMethodMetrics::kCodes; ++code) {
      const uint64_t handled = method->handled_[code].load(std::memory_order_relaxed);
      if (handled == 0 && code != 0) continue;
      prometheus::ClientMetric metric;
      metric.label = {{"service", name.first},
                      {"method", name.second},
                      {"code", absl::StatusCodeToString(static_cast<absl::StatusCode>(code))}};
      metric.counter.value = static_cast<double>(handled);
      series.push_back(std::move(metric));
    }
  }
}

}  // namespace vibestack

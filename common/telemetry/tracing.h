#ifndef VIBESTACK_COMMON_TELEMETRY_TRACING_H_
#define VIBESTACK_COMMON_TELEMETRY_TRACING_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/telemetry/metrics.h"

// The span exporter of the process: OTLP over HTTP, in batches, on a thread of its own. Spans wait
// in a bounded queue. Spans are dropped when they do not fit or when the collector refuses them; a
// call never waits for them.
namespace vibestack {

struct TracingOptions {
  // URL of the collector, such as `http://127.0.0.1:4318`; empty disables tracing.
  std::string endpoint;
  // Sampling ratio, 0 to 1, for traces that start here. An incoming sampling decision is honoured.
  double sample_ratio = 1;
};

// Reads --otlp_endpoint and --trace_sample_ratio. INVALID_ARGUMENT names the flag.
absl::StatusOr<TracingOptions> ReadTracingFlags();

// Starts tracing, unless the endpoint is empty. `service` becomes the resource attribute
// service.name. The environment variable OTEL_RESOURCE_ATTRIBUTES adds attributes,
// OTEL_EXPORTER_OTLP_HEADERS adds headers. Call it once, at the start of main.
void StartTracing(const TracingOptions& options, const std::string& service);

// Exports the waiting spans and stops tracing. Starts no export after `grace`. Does nothing if
// tracing was not started. Call it at the end of main.
void StopTracing(absl::Duration grace = absl::Seconds(1));

// vibestack_spans_total{outcome}: `exported`, or `failed` when the collector did not accept the
// spans. `metrics` must outlive the registrations.
std::vector<MetricRegistration> RegisterTracingMetrics(Metrics& metrics);

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_TELEMETRY_TRACING_H_

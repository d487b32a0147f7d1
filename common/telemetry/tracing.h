#ifndef VIBESTACK_COMMON_TELEMETRY_TRACING_H_
#define VIBESTACK_COMMON_TELEMETRY_TRACING_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/telemetry/metrics.h"

// The process's one exporter of spans: OTLP over HTTP, in batches, from a thread of its own. Spans
// wait in a bounded queue; what does not fit, and what the collector does not take, is dropped and
// never holds up a call.
namespace vibestack {

struct TracingOptions {
  // The collector, as `http://127.0.0.1:4318`; empty: no tracing.
  std::string endpoint;
  // The share of traces to record, of those that begin here. Whoever begins a trace elsewhere
  // decides for it.
  double sample_ratio = 1;
};

// What --otlp_endpoint and --trace_sample_ratio say. INVALID_ARGUMENT names the flag.
absl::StatusOr<TracingOptions> ReadTracingFlags();

// Begins to trace, unless the endpoint is empty. `service` is the resource's service.name; the
// variable OTEL_RESOURCE_ATTRIBUTES adds to the resource, OTEL_EXPORTER_OTLP_HEADERS to the
// requests. Call it at the start of main, once.
void StartTracing(const TracingOptions& options, const std::string& service);

// Sends what waits, beginning nothing after `grace`, and traces no more. Does nothing where it was
// not started. Call it at the end of main.
void StopTracing(absl::Duration grace = absl::Seconds(1));

// vibestack_spans_total{outcome}: `exported`, or `failed` where the collector did not take them.
// `metrics` must outlive the registrations.
std::vector<MetricRegistration> RegisterTracingMetrics(Metrics& metrics);

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_TELEMETRY_TRACING_H_

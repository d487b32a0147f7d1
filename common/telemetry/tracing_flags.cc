#include <cmath>

#include "common/config/flag.h"
#include "common/telemetry/tracing.h"

VIBESTACK_FLAG(kLoggingAndTracing, std::string, otlp_endpoint, "",
               "OpenTelemetry collector that takes spans by OTLP over HTTP, such as "
               "http://127.0.0.1:4318. Without it the service records no traces.");
VIBESTACK_FLAG(kLoggingAndTracing, double, trace_sample_ratio, 1,
               "Sampling ratio for traces that start here, 0 to 1. The service honours an incoming "
               "sampling decision.");

namespace vibestack {

absl::StatusOr<TracingOptions> ReadTracingFlags() {
  TracingOptions options{absl::GetFlag(FLAGS_otlp_endpoint),
                         absl::GetFlag(FLAGS_trace_sample_ratio)};
  const std::string& endpoint = options.endpoint;
  if (!endpoint.empty() && !endpoint.starts_with("http://") && !endpoint.starts_with("https://")) {
    return absl::InvalidArgumentError("--otlp_endpoint must begin with http:// or https://");
  }
  if (!(options.sample_ratio >= 0 && options.sample_ratio <= 1)) {
    return absl::InvalidArgumentError("--trace_sample_ratio must be between 0 and 1");
  }
  return options;
}

}  // namespace vibestack

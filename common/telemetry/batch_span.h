#ifndef VIBESTACK_COMMON_TELEMETRY_BATCH_SPAN_H_
#define VIBESTACK_COMMON_TELEMETRY_BATCH_SPAN_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/async/coalescer.h"

namespace vibestack {

// A value for CoalescerOptions::begin_trace: each batch gets a span `batch <kind>`, a child of the
// first recorded caller's span and linked to the spans of all recorded callers. An empty function
// while tracing is off, so that batches have no extra cost. Call it after StartTracing.
std::function<std::unique_ptr<BatchTrace>(const std::vector<const TraceContext*>& callers)>
BatchSpans(const std::string& kind);

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_TELEMETRY_BATCH_SPAN_H_

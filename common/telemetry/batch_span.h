#ifndef VIBESTACK_COMMON_TELEMETRY_BATCH_SPAN_H_
#define VIBESTACK_COMMON_TELEMETRY_BATCH_SPAN_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/async/coalescer.h"

namespace vibestack {

// Fits CoalescerOptions::begin_trace: the span `batch <kind>` of each batch, in the trace of the
// first of its callers that somebody records, linked to all of them. Empty while tracing is off, so
// that batches cost nothing more; so call it after StartTracing.
std::function<std::unique_ptr<BatchTrace>(const std::vector<const TraceContext*>& callers)>
BatchSpans(const std::string& kind);

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_TELEMETRY_BATCH_SPAN_H_

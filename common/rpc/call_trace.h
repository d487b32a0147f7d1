#ifndef VIBESTACK_COMMON_RPC_CALL_TRACE_H_
#define VIBESTACK_COMMON_RPC_CALL_TRACE_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "common/base/trace_context.h"
#include "common/rpc/call.h"
#include "common/telemetry/span.h"

namespace vibestack::rpc {

// Starts the span of an incoming call, under the trace context in its metadata if there is one. The
// span is empty while tracing is off.
Span BeginCallSpan(const Call& call, const std::string& service, const std::string& method);

// Ends the span with the status of the call. `our_fault`, an error of the server, marks the span as
// failed; an error of the caller does not.
void EndCallSpan(Span& span, const absl::Status& status, bool our_fault);

// The trace context for log lines about a call: from its span, else from its metadata. Nothing if
// neither has one.
std::optional<TraceContext> TraceForLog(const Call& call);

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_CALL_TRACE_H_

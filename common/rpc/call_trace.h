#ifndef VIBESTACK_COMMON_RPC_CALL_TRACE_H_
#define VIBESTACK_COMMON_RPC_CALL_TRACE_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "common/base/trace_context.h"
#include "common/rpc/call.h"
#include "common/telemetry/span.h"

namespace vibestack::rpc {

// The span of a call that came in, under the trace that its metadata names; empty while tracing is
// off.
Span BeginCallSpan(const Call& call, const std::string& service, const std::string& method);

// Ends the span with the call's status. Only what is our fault, or the database's, is a failure.
void EndCallSpan(Span& span, const absl::Status& status, bool our_fault);

// The trace to name in lines of the log about a call: its span's, or, where it has none, the
// caller's own; nothing where neither is.
std::optional<TraceContext> TraceForLog(const Call& call);

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_CALL_TRACE_H_

#include "common/rpc/call_trace.h"

#include "common/base/error.h"
#include "common/telemetry/trace_headers.h"

namespace vibestack::rpc {
namespace {

std::optional<TraceContext> TraceFromMetadata(const Call& call) {
  return ParseTraceHeaders(call.Metadata("traceparent"), call.Metadata("tracestate"));
}

}  // namespace

Span BeginCallSpan(const Call& call, const std::string& service, const std::string& method) {
  if (!TracingEnabled()) return Span();
  const std::optional<TraceContext> parent = TraceFromMetadata(call);
  Span span = StartRootSpan(service + "/" + method, SpanKind::kServer,
                            parent.has_value() ? &*parent : nullptr);
  span.Set("rpc.system", "grpc");
  span.Set("rpc.service", service);
  span.Set("rpc.method", method);
  return span;
}

void EndCallSpan(Span& span, const absl::Status& status, bool our_fault) {
  if (span.context() == nullptr) return;
  span.Set("rpc.grpc.status_code", static_cast<int64_t>(status.code()));
  if (!status.ok()) span.Set("error.type", ErrorReason(status));
  if (our_fault) span.Fail(ErrorReason(status));
  span.End();
}

std::optional<TraceContext> TraceForLog(const Call& call) {
  if (call.trace() != nullptr) return *call.trace();
  return TraceFromMetadata(call);
}

}  // namespace vibestack::rpc

#ifndef VIBESTACK_COMMON_TELEMETRY_OTEL_CONTEXT_H_
#define VIBESTACK_COMMON_TELEMETRY_OTEL_CONTEXT_H_

#include "common/base/trace_context.h"
#include "opentelemetry/trace/span_context.h"

namespace vibestack {

// Conversions between our trace context and OpenTelemetry's. For this library only.
opentelemetry::trace::SpanContext ToOtel(const TraceContext& context);
TraceContext FromOtel(const opentelemetry::trace::SpanContext& context);

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_TELEMETRY_OTEL_CONTEXT_H_

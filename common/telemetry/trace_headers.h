#ifndef VIBESTACK_COMMON_TELEMETRY_TRACE_HEADERS_H_
#define VIBESTACK_COMMON_TELEMETRY_TRACE_HEADERS_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/trace_context.h"

namespace vibestack {

// The context in the W3C headers `traceparent` and `tracestate`; nothing where the first one is
// missing or malformed. A `tracestate` of more than 512 characters is left out.
std::optional<TraceContext> ParseTraceHeaders(std::string_view traceparent,
                                              std::string_view tracestate);

// The headers, in lower case, that hand the context on.
std::vector<std::pair<std::string, std::string>> TraceHeaders(const TraceContext& context);

// As hexadecimal digits in lower case.
std::string TraceIdText(const TraceContext& context);
std::string SpanIdText(const TraceContext& context);

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_TELEMETRY_TRACE_HEADERS_H_

#ifndef VIBESTACK_COMMON_TELEMETRY_TRACE_HEADERS_H_
#define VIBESTACK_COMMON_TELEMETRY_TRACE_HEADERS_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/trace_context.h"

namespace vibestack {

// Parses the W3C headers `traceparent` and `tracestate`. Nothing when the first is missing or
// malformed. Ignores a `tracestate` of more than 512 characters.
std::optional<TraceContext> ParseTraceHeaders(std::string_view traceparent,
                                              std::string_view tracestate);

// The headers, with names in lower case, that propagate the context.
std::vector<std::pair<std::string, std::string>> TraceHeaders(const TraceContext& context);

// The ids as lower-case hexadecimal digits.
std::string TraceIdText(const TraceContext& context);
std::string SpanIdText(const TraceContext& context);

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_TELEMETRY_TRACE_HEADERS_H_

#ifndef VIBESTACK_COMMON_BASE_TRACE_CONTEXT_H_
#define VIBESTACK_COMMON_BASE_TRACE_CONTEXT_H_

#include <array>
#include <cstdint>
#include <string>

namespace vibestack {

// Where a piece of work stands in a distributed trace, as W3C Trace Context says it. Tasks hand a
// pointer to it on to what they await (common/async/task.h), spans make one
// (common/telemetry/span.h).
struct TraceContext {
  std::array<uint8_t, 16> trace_id{};
  std::array<uint8_t, 8> span_id{};
  // Whether somebody records the trace; otherwise it is only passed on.
  bool sampled = false;
  // The header `tracestate` as it came.
  std::string state = "";
};

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_BASE_TRACE_CONTEXT_H_

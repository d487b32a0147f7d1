#ifndef VIBESTACK_COMMON_BASE_TRACE_CONTEXT_H_
#define VIBESTACK_COMMON_BASE_TRACE_CONTEXT_H_

#include <array>
#include <cstdint>
#include <string>

namespace vibestack {

// A position in a distributed trace (W3C Trace Context). Tasks propagate a pointer to it to the
// tasks that they await (common/async/task.h); spans create one (common/telemetry/span.h).
struct TraceContext {
  std::array<uint8_t, 16> trace_id{};
  std::array<uint8_t, 8> span_id{};
  // Whether the trace is recorded; otherwise it is only propagated.
  bool sampled = false;
  // The header `tracestate` as received.
  std::string state = "";
};

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_BASE_TRACE_CONTEXT_H_

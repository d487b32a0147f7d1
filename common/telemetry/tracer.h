#ifndef VIBESTACK_COMMON_TELEMETRY_TRACER_H_
#define VIBESTACK_COMMON_TELEMETRY_TRACER_H_

#include "opentelemetry/trace/tracer.h"

namespace vibestack {

// The tracer of the process; null while tracing is off. For this library only.
opentelemetry::nostd::shared_ptr<opentelemetry::trace::Tracer> CurrentTracer();

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_TELEMETRY_TRACER_H_

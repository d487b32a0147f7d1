#ifndef VIBESTACK_COMMON_TELEMETRY_SPAN_H_
#define VIBESTACK_COMMON_TELEMETRY_SPAN_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "common/base/trace_context.h"

namespace vibestack {

// Whether tracing is on (see tracing.h). Takes one atomic load. While tracing is off, all spans are
// empty.
bool TracingEnabled();

enum class SpanKind { kInternal, kServer, kClient };

// An operation within a trace. Names and attributes must not contain values that callers choose: no
// user id, email, credential or statement parameter. An empty span (default-constructed, or one
// that is not recorded) accepts every call and does nothing. Movable; not thread-safe.
class Span {
 public:
  Span();
  Span(Span&& other) noexcept;
  Span& operator=(Span&& other) noexcept;
  // Ends the span.
  ~Span();

  // The trace context for operations under this span; null for an empty span. Valid as long as the
  // span.
  const TraceContext* context() const;

  // `key` is a name from OpenTelemetry's semantic conventions where there is one.
  void Set(std::string_view key, std::string_view value);
  void Set(std::string_view key, int64_t value);

  // Marks the span as failed. `reason` is a constant such as DATABASE_UNAVAILABLE.
  void Fail(std::string_view reason);

  // Ends the span and passes it to the exporter; never blocks. May be called twice; context() stays
  // valid.
  void End();

 private:
  struct Impl;
  explicit Span(std::unique_ptr<Impl> impl);
  friend Span StartRootSpan(std::string_view name, SpanKind kind, const TraceContext* parent);
  friend Span StartSpan(std::string_view name, SpanKind kind, const TraceContext* parent,
                        const std::vector<const TraceContext*>& links);

  std::unique_ptr<Impl> impl_;
};

// Starts the first span of a trace in this process: under `parent`, which another process sent, or
// in a new trace if `parent` is null. A new trace is recorded with the configured probability
// (sample_ratio); otherwise its context is only propagated. Empty while tracing is off.
Span StartRootSpan(std::string_view name, SpanKind kind, const TraceContext* parent);

// Starts a span under `parent`. Empty without a parent, and when the trace is not recorded. `links`
// are other traces that share the operation.
Span StartSpan(std::string_view name, SpanKind kind, const TraceContext* parent,
               const std::vector<const TraceContext*>& links = {});

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_TELEMETRY_SPAN_H_

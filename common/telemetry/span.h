#ifndef VIBESTACK_COMMON_TELEMETRY_SPAN_H_
#define VIBESTACK_COMMON_TELEMETRY_SPAN_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "common/base/trace_context.h"

namespace vibestack {

// Whether spans are recorded at all (tracing.h): one atomic load. Off, the rest here does nothing.
bool TracingEnabled();

enum class SpanKind { kInternal, kServer, kClient };

// A piece of work of a trace, with its beginning and end. Names and attributes hold nothing that
// callers choose: no id of a person, no email, no credential, no parameter of a statement. An empty
// one, default-made or of work that nobody records, takes everything and does nothing. Movable; for
// one thread at a time.
class Span {
 public:
  Span();
  Span(Span&& other) noexcept;
  Span& operator=(Span&& other) noexcept;
  // Ends it.
  ~Span();

  // What work under this span is traced by; null for an empty one. Lives as long as the span.
  const TraceContext* context() const;

  // `key` is a name of OpenTelemetry's semantic conventions where there is one.
  void Set(std::string_view key, std::string_view value);
  void Set(std::string_view key, int64_t value);

  // Marks it as failed for this reason, a constant such as DATABASE_UNAVAILABLE.
  void Fail(std::string_view reason);

  // Hands it to the exporter, which never waits. May be called twice; the context stays.
  void End();

 private:
  struct Impl;
  explicit Span(std::unique_ptr<Impl> impl);
  friend Span StartRootSpan(std::string_view name, SpanKind kind, const TraceContext* parent);
  friend Span StartSpan(std::string_view name, SpanKind kind, const TraceContext* parent,
                        const std::vector<const TraceContext*>& links);

  std::unique_ptr<Impl> impl_;
};

// Where a trace enters this process: under `parent`, which came from elsewhere, or a new trace
// where that is null. Without a parent, the configured share of traces is recorded; one that is not
// has a context all the same, to be passed on. Empty while tracing is off.
Span StartRootSpan(std::string_view name, SpanKind kind, const TraceContext* parent);

// Work within a trace: empty without a parent, and where nobody records that. `links` are other
// traces that the work is done for.
Span StartSpan(std::string_view name, SpanKind kind, const TraceContext* parent,
               const std::vector<const TraceContext*>& links = {});

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_TELEMETRY_SPAN_H_

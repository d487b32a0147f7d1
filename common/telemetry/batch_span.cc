#include "common/telemetry/batch_span.h"

#include <utility>

#include "common/telemetry/span.h"

namespace vibestack {
namespace {

class BatchSpan final : public BatchTrace {
 public:
  BatchSpan(Span span, const TraceContext* unrecorded)
      : span_(std::move(span)), unrecorded_(unrecorded) {}
  const TraceContext* context() const override {
    return span_.context() != nullptr ? span_.context() : unrecorded_;
  }

 private:
  Span span_;
  const TraceContext* const unrecorded_;  // propagated when there is no span
};

}  // namespace

std::function<std::unique_ptr<BatchTrace>(const std::vector<const TraceContext*>& callers)>
BatchSpans(const std::string& kind) {
  if (!TracingEnabled()) return nullptr;
  return [name = "batch " + kind](const std::vector<const TraceContext*>& callers) {
    std::vector<const TraceContext*> recorded;
    for (const TraceContext* caller : callers) {
      if (caller->sampled) recorded.push_back(caller);
    }
    Span span;
    if (!recorded.empty()) span = StartSpan(name, SpanKind::kInternal, recorded.front(), recorded);
    span.Set("vibestack.batch.traced_calls", static_cast<int64_t>(recorded.size()));
    return std::make_unique<BatchSpan>(std::move(span), callers.front());
  };
}

}  // namespace vibestack

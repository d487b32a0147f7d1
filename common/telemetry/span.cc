#include "common/telemetry/span.h"

#include <utility>

#include "common/telemetry/otel_context.h"
#include "common/telemetry/tracer.h"
#include "opentelemetry/trace/span.h"
#include "opentelemetry/trace/span_startoptions.h"

namespace vibestack {
namespace {

namespace otel = opentelemetry::trace;
namespace nostd = opentelemetry::nostd;
using Attributes =
    std::vector<std::pair<nostd::string_view, opentelemetry::common::AttributeValue>>;
using Links = std::vector<std::pair<otel::SpanContext, Attributes>>;

nostd::string_view View(std::string_view text) { return {text.data(), text.size()}; }

otel::SpanKind KindOf(SpanKind kind) {
  switch (kind) {
    case SpanKind::kServer:
      return otel::SpanKind::kServer;
    case SpanKind::kClient:
      return otel::SpanKind::kClient;
    case SpanKind::kInternal:
      break;
  }
  return otel::SpanKind::kInternal;
}

}  // namespace

struct Span::Impl {
  nostd::shared_ptr<otel::Span> span;
  TraceContext context;
};

Span::Span() = default;
Span::Span(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Span::Span(Span&& other) noexcept = default;
Span& Span::operator=(Span&& other) noexcept {
  End();
  impl_ = std::move(other.impl_);
  return *this;
}
Span::~Span() { End(); }

const TraceContext* Span::context() const { return impl_ == nullptr ? nullptr : &impl_->context; }

void Span::Set(std::string_view key, std::string_view value) {
  if (impl_ != nullptr) impl_->span->SetAttribute(View(key), View(value));
}

void Span::Set(std::string_view key, int64_t value) {
  if (impl_ != nullptr) impl_->span->SetAttribute(View(key), value);
}

void Span::Fail(std::string_view reason) {
  if (impl_ != nullptr) impl_->span->SetStatus(otel::StatusCode::kError, View(reason));
}

void Span::End() {
  if (impl_ != nullptr) impl_->span->End();  // no effect on an ended span
}

Span StartRootSpan(std::string_view name, SpanKind kind, const TraceContext* parent) {
  const nostd::shared_ptr<otel::Tracer> tracer = CurrentTracer();
  if (tracer == nullptr) return Span();
  otel::StartSpanOptions options;
  options.kind = KindOf(kind);
  if (parent != nullptr) options.parent = ToOtel(*parent);
  auto impl = std::make_unique<Span::Impl>();
  impl->span = tracer->StartSpan(View(name), options);
  impl->context = FromOtel(impl->span->GetContext());
  return Span(std::move(impl));
}

Span StartSpan(std::string_view name, SpanKind kind, const TraceContext* parent,
               const std::vector<const TraceContext*>& links) {
  if (parent == nullptr || !parent->sampled) return Span();
  const nostd::shared_ptr<otel::Tracer> tracer = CurrentTracer();
  if (tracer == nullptr) return Span();
  otel::StartSpanOptions options;
  options.kind = KindOf(kind);
  options.parent = ToOtel(*parent);
  Links linked;
  // A link needs only the ids.
  for (const TraceContext* link : links) {
    linked.emplace_back(ToOtel({link->trace_id, link->span_id, link->sampled}), Attributes());
  }
  auto impl = std::make_unique<Span::Impl>();
  impl->span = tracer->StartSpan(View(name), Attributes(), linked, options);
  impl->context = FromOtel(impl->span->GetContext());
  return Span(std::move(impl));
}

}  // namespace vibestack

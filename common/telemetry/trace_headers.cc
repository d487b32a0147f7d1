#include "common/telemetry/trace_headers.h"

#include <algorithm>

#include "common/telemetry/otel_context.h"
#include "opentelemetry/trace/context.h"
#include "opentelemetry/trace/default_span.h"
#include "opentelemetry/trace/propagation/http_trace_context.h"

namespace vibestack {
namespace {

namespace otel = opentelemetry::trace;
namespace nostd = opentelemetry::nostd;
using Headers = std::vector<std::pair<std::string, std::string>>;

// Every participant must propagate this many characters (W3C Trace Context, 3.3.1.5). Longer values
// take time to parse, and anybody may send one.
constexpr size_t kLongestState = 512;

// The headers in the form that OpenTelemetry's propagator reads and writes.
class Carrier final : public opentelemetry::context::propagation::TextMapCarrier {
 public:
  Carrier() = default;
  explicit Carrier(Headers headers) : headers_(std::move(headers)) {}

  nostd::string_view Get(nostd::string_view key) const noexcept override {
    const std::string_view name(key.data(), key.size());
    for (const auto& [known, value] : headers_) {
      if (known == name) return {value.data(), value.size()};
    }
    return {};
  }
  void Set(nostd::string_view key, nostd::string_view value) noexcept override {
    headers_.emplace_back(std::string(key.data(), key.size()),
                          std::string(value.data(), value.size()));
  }
  Headers Take() { return std::move(headers_); }

 private:
  Headers headers_;
};

template <typename Bytes>
std::string ToHex(const Bytes& bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace

otel::SpanContext ToOtel(const TraceContext& context) {
  const otel::TraceId trace_id(
      nostd::span<const uint8_t, otel::TraceId::kSize>(context.trace_id.data(), 16));
  const otel::SpanId span_id(
      nostd::span<const uint8_t, otel::SpanId::kSize>(context.span_id.data(), 8));
  const otel::TraceFlags flags(context.sampled ? otel::TraceFlags::kIsSampled : uint8_t{0});
  return otel::SpanContext(trace_id, span_id, flags, /*is_remote=*/true,
                           otel::TraceState::FromHeader(context.state));
}

TraceContext FromOtel(const otel::SpanContext& context) {
  TraceContext ours;
  const auto trace_id = context.trace_id().Id();
  const auto span_id = context.span_id().Id();
  std::copy(trace_id.begin(), trace_id.end(), ours.trace_id.begin());
  std::copy(span_id.begin(), span_id.end(), ours.span_id.begin());
  ours.sampled = context.IsSampled();
  if (!context.trace_state()->Empty()) ours.state = context.trace_state()->ToHeader();
  return ours;
}

std::optional<TraceContext> ParseTraceHeaders(std::string_view traceparent,
                                              std::string_view tracestate) {
  if (traceparent.empty()) return std::nullopt;
  if (tracestate.size() > kLongestState) tracestate = {};
  const Carrier carrier(
      Headers{{"traceparent", std::string(traceparent)}, {"tracestate", std::string(tracestate)}});
  opentelemetry::context::Context none;
  const auto context = otel::propagation::HttpTraceContext().Extract(carrier, none);
  const otel::SpanContext found = otel::GetSpan(context)->GetContext();
  if (!found.IsValid()) return std::nullopt;
  return FromOtel(found);
}

Headers TraceHeaders(const TraceContext& context) {
  opentelemetry::context::Context none;
  const nostd::shared_ptr<otel::Span> span(new otel::DefaultSpan(ToOtel(context)));
  Carrier carrier;
  otel::propagation::HttpTraceContext().Inject(carrier, otel::SetSpan(none, span));
  return carrier.Take();
}

std::string TraceIdText(const TraceContext& context) { return ToHex(context.trace_id); }
std::string SpanIdText(const TraceContext& context) { return ToHex(context.span_id); }

}  // namespace vibestack

#include "common/telemetry/span_exporter.h"

#include "absl/time/clock.h"

namespace vibestack {

using opentelemetry::sdk::common::ExportResult;
using opentelemetry::sdk::trace::Recordable;

std::unique_ptr<Recordable> SpanExporter::MakeRecordable() noexcept {
  return wrapped_->MakeRecordable();
}

ExportResult SpanExporter::Export(
    const opentelemetry::nostd::span<std::unique_ptr<Recordable>>& spans) noexcept {
  ExportResult result = ExportResult::kFailure;
  if (absl::ToUnixMicros(absl::Now()) < until_micros_) result = wrapped_->Export(spans);
  (result == ExportResult::kSuccess ? counts_.exported : counts_.failed) += spans.size();
  return result;
}

bool SpanExporter::ForceFlush(std::chrono::microseconds timeout) noexcept {
  return wrapped_->ForceFlush(timeout);
}

bool SpanExporter::Shutdown(std::chrono::microseconds timeout) noexcept {
  return wrapped_->Shutdown(timeout);
}

}  // namespace vibestack

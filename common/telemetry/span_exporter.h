#ifndef VIBESTACK_COMMON_TELEMETRY_SPAN_EXPORTER_H_
#define VIBESTACK_COMMON_TELEMETRY_SPAN_EXPORTER_H_

#include <atomic>
#include <cstdint>
#include <memory>

#include "absl/time/time.h"
#include "opentelemetry/sdk/trace/exporter.h"

namespace vibestack {

// Wraps an exporter. Counts exported and failed spans. Drops every batch after a given time, so
// that a collector that does not answer cannot delay a stop.
class SpanExporter final : public opentelemetry::sdk::trace::SpanExporter {
 public:
  // Counts since the start of the process.
  struct Counts {
    std::atomic<uint64_t> exported{0};
    std::atomic<uint64_t> failed{0};
  };

  // `counts` must outlive this.
  SpanExporter(std::unique_ptr<opentelemetry::sdk::trace::SpanExporter> wrapped, Counts& counts)
      : wrapped_(std::move(wrapped)), counts_(counts) {}

  // Starts no export after `until`. Thread-safe.
  void EndAt(absl::Time until) { until_micros_ = absl::ToUnixMicros(until); }

  std::unique_ptr<opentelemetry::sdk::trace::Recordable> MakeRecordable() noexcept override;
  opentelemetry::sdk::common::ExportResult Export(
      const opentelemetry::nostd::span<std::unique_ptr<opentelemetry::sdk::trace::Recordable>>&
          spans) noexcept override;
  bool ForceFlush(std::chrono::microseconds timeout) noexcept override;
  bool Shutdown(std::chrono::microseconds timeout) noexcept override;

 private:
  const std::unique_ptr<opentelemetry::sdk::trace::SpanExporter> wrapped_;
  Counts& counts_;
  std::atomic<int64_t> until_micros_{INT64_MAX};
};

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_TELEMETRY_SPAN_EXPORTER_H_

#include "common/telemetry/tracing.h"

#include <atomic>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "common/telemetry/audit.h"
#include "common/telemetry/log.h"
#include "common/telemetry/span.h"
#include "common/telemetry/span_exporter.h"
#include "common/telemetry/tracer.h"
#include "opentelemetry/exporters/otlp/otlp_http_exporter_factory.h"
#include "opentelemetry/exporters/otlp/otlp_http_exporter_options.h"
#include "opentelemetry/sdk/common/global_log_handler.h"
#include "opentelemetry/sdk/resource/resource.h"
#include "opentelemetry/sdk/trace/batch_span_processor_factory.h"
#include "opentelemetry/sdk/trace/batch_span_processor_options.h"
#include "opentelemetry/sdk/trace/samplers/parent_factory.h"
#include "opentelemetry/sdk/trace/samplers/trace_id_ratio_factory.h"
#include "opentelemetry/sdk/trace/tracer_provider.h"
#include "opentelemetry/sdk/trace/tracer_provider_factory.h"

namespace vibestack {
namespace {

namespace otlp = opentelemetry::exporter::otlp;
namespace sdk = opentelemetry::sdk;
namespace nostd = opentelemetry::nostd;
using Tracer = opentelemetry::trace::Tracer;

constexpr size_t kMaxQueued = 8'192;  // spans
constexpr size_t kMaxBatch = 512;
constexpr std::chrono::milliseconds kInterval(1'000);
// For one request to the collector.
constexpr std::chrono::seconds kLongestExport(2);

// Logs the errors of the OpenTelemetry library, at most one line a second.
class ExporterLog final : public sdk::common::internal_log::LogHandler {
 public:
  void Handle(sdk::common::internal_log::LogLevel level, const char*, int, const char* message,
              const sdk::common::AttributeMap&) noexcept override {
    if (level > sdk::common::internal_log::LogLevel::Warning || message == nullptr) return;
    const std::optional<uint64_t> suppressed = gate_.Pass();
    if (!suppressed.has_value()) return;
    Log(LogLevel::kWarning, "spans_not_exported",
        {{"message", message}, {"suppressed", *suppressed}});
  }

 private:
  AuditGate gate_{1};
};

// Never destroyed, so that threads may use it until the process ends.
struct Process {
  SpanExporter::Counts counts;
  std::atomic<bool> enabled{false};
  absl::Mutex mutex;
  nostd::shared_ptr<Tracer> tracer ABSL_GUARDED_BY(mutex);
  std::unique_ptr<sdk::trace::TracerProvider> provider ABSL_GUARDED_BY(mutex);
  SpanExporter* exporter ABSL_GUARDED_BY(mutex) = nullptr;  // the provider's
};

Process& TheProcess() {
  static Process& process = *new Process;
  return process;
}

std::unique_ptr<SpanExporter> MakeExporter(const std::string& endpoint) {
  otlp::OtlpHttpExporterOptions options;  // reads the environment
  options.url = endpoint + (endpoint.ends_with('/') ? "v1/traces" : "/v1/traces");
  options.content_type = otlp::HttpRequestContentType::kBinary;
  options.timeout = kLongestExport;
  // Drop failed batches: a retry would delay the next one.
  options.retry_policy_max_attempts = 1;
  return std::make_unique<SpanExporter>(otlp::OtlpHttpExporterFactory::Create(options),
                                        TheProcess().counts);
}

}  // namespace

bool TracingEnabled() { return TheProcess().enabled.load(std::memory_order_relaxed); }

nostd::shared_ptr<Tracer> CurrentTracer() {
  if (!TracingEnabled()) return nostd::shared_ptr<Tracer>();
  Process& process = TheProcess();
  absl::MutexLock lock(&process.mutex);
  return process.tracer;
}

void StartTracing(const TracingOptions& options, const std::string& service) {
  if (options.endpoint.empty()) return;
  sdk::common::internal_log::GlobalLogHandler::SetLogHandler(
      nostd::shared_ptr<sdk::common::internal_log::LogHandler>(new ExporterLog));
  std::unique_ptr<SpanExporter> exporter = MakeExporter(options.endpoint);
  SpanExporter* const kept = exporter.get();
  sdk::trace::BatchSpanProcessorOptions batches;
  batches.max_queue_size = kMaxQueued;
  batches.max_export_batch_size = kMaxBatch;
  batches.schedule_delay_millis = kInterval;
  auto processor = sdk::trace::BatchSpanProcessorFactory::Create(std::move(exporter), batches);
  auto sampler = sdk::trace::ParentBasedSamplerFactory::Create(
      sdk::trace::TraceIdRatioBasedSamplerFactory::Create(options.sample_ratio));
  const auto resource = sdk::resource::Resource::Create(
      {{"service.name", service}, {"service.version", VIBESTACK_VERSION}});
  Process& process = TheProcess();
  absl::MutexLock lock(&process.mutex);
  process.exporter = kept;
  process.provider =
      sdk::trace::TracerProviderFactory::Create(std::move(processor), resource, std::move(sampler));
  process.tracer = process.provider->GetTracer("vibestack", VIBESTACK_VERSION);
  process.enabled = true;
}

void StopTracing(absl::Duration grace) {
  Process& process = TheProcess();
  nostd::shared_ptr<Tracer> tracer;
  std::unique_ptr<sdk::trace::TracerProvider> provider;
  {
    absl::MutexLock lock(&process.mutex);
    process.enabled = false;
    tracer.swap(process.tracer);
    provider.swap(process.provider);
    if (provider == nullptr) return;
    process.exporter->EndAt(absl::Now() + grace);
    process.exporter = nullptr;
  }
  provider->Shutdown();
}

std::vector<MetricRegistration> RegisterTracingMetrics(Metrics& metrics) {
  std::vector<MetricRegistration> registrations;
  const auto count = [&](const char* outcome, const std::atomic<uint64_t>& value) {
    registrations.push_back(metrics.AddCounterCallback(
        "vibestack_spans_total", "Spans by outcome of their export.", {{"outcome", outcome}},
        [&value] { return static_cast<double>(value.load()); }));
  };
  count("exported", TheProcess().counts.exported);
  count("failed", TheProcess().counts.failed);
  return registrations;
}

}  // namespace vibestack

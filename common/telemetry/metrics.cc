#include "common/telemetry/metrics.h"

#include <exception>
#include <thread>
#include <utility>
#include <vector>

#include "common/telemetry/process_metrics.h"
#include "prometheus/exposer.h"

namespace vibestack {
namespace {

// A source of one series with these labels; `fill` sets its current value.
ScrapedFamilies::Source OneSeries(const Metrics::Labels& labels,
                                  std::function<void(prometheus::ClientMetric&)> fill) {
  return [labels = ToSeriesLabels(labels),
          fill = std::move(fill)](std::vector<prometheus::ClientMetric>& series) {
    prometheus::ClientMetric metric;
    metric.label = labels;
    fill(metric);
    series.push_back(std::move(metric));
  };
}

}  // namespace

Metrics::Metrics()
    : registry_(std::make_shared<prometheus::Registry>()),
      scraped_(std::make_shared<ScrapedFamilies>()) {
  AddProcessMetrics(*scraped_);
}

Metrics::~Metrics() {
  StopServing();
  if (closing_.joinable()) closing_.join();
}

prometheus::Counter& Metrics::Counter(const std::string& name, const std::string& help,
                                      const Labels& labels) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(*registry_).Add(labels);
}

prometheus::Gauge& Metrics::Gauge(const std::string& name, const std::string& help,
                                  const Labels& labels) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(*registry_).Add(labels);
}

prometheus::Histogram& Metrics::Histogram(
    const std::string& name, const std::string& help, const Labels& labels,
    const prometheus::Histogram::BucketBoundaries& upper_bounds) {
  return prometheus::BuildHistogram()
      .Name(name)
      .Help(help)
      .Register(*registry_)
      .Add(labels, upper_bounds);
}

MetricRegistration Metrics::AddGaugeCallback(const std::string& name, const std::string& help,
                                             const Labels& labels, std::function<double()> value) {
  return AddSource(name, help, prometheus::MetricType::Gauge,
                   OneSeries(labels, [value = std::move(value)](prometheus::ClientMetric& metric) {
                     metric.gauge.value = value();
                   }));
}

MetricRegistration Metrics::AddCounterCallback(const std::string& name, const std::string& help,
                                               const Labels& labels,
                                               std::function<double()> value) {
  return AddSource(name, help, prometheus::MetricType::Counter,
                   OneSeries(labels, [value = std::move(value)](prometheus::ClientMetric& metric) {
                     metric.counter.value = value();
                   }));
}

MetricRegistration Metrics::AddSource(const std::string& name, const std::string& help,
                                      prometheus::MetricType type, ScrapedFamilies::Source source) {
  const uint64_t id = scraped_->Add(name, help, type, std::move(source));
  return MetricRegistration(scraped_, id);
}

absl::Status Metrics::Serve(const std::string& address) {
  // One worker besides civetweb's own thread; the timeout frees it from an idle client.
  const std::vector<std::string> options = {"listening_ports",    address, "num_threads", "1",
                                            "request_timeout_ms", "5000"};
  try {
    exposer_ = std::make_unique<prometheus::Exposer>(options);
    exposer_->RegisterCollectable(registry_);
    exposer_->RegisterCollectable(scraped_);
    port_ = exposer_->GetListeningPorts().at(0);
  } catch (const std::exception&) {  // its message has no detail
    StopServing();
    return absl::UnavailableError("cannot listen on " + address +
                                  " for metrics; is the port in use?");
  }
  return absl::OkStatus();
}

void Metrics::StopServing() {
  if (exposer_ == nullptr) return;
  // Each call waits for a scrape in progress. Afterwards the exposer uses nothing of ours.
  exposer_->RemoveCollectable(registry_);
  exposer_->RemoveCollectable(scraped_);
  // civetweb reads its stop flag only every 2 s.
  closing_ = std::thread([exposer = std::move(exposer_)]() mutable { exposer.reset(); });
}

}  // namespace vibestack

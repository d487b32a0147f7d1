#ifndef VIBESTACK_COMMON_TELEMETRY_METRICS_H_
#define VIBESTACK_COMMON_TELEMETRY_METRICS_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "common/telemetry/scraped_families.h"
#include "prometheus/counter.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"

namespace prometheus {
class Exposer;
}  // namespace prometheus

namespace vibestack {

// A process's metrics and the HTTP endpoint (`/metrics`) that Prometheus scrapes them from. Comes
// with the usual process_* metrics.
//
// Names are `vibestack_<what>_<unit>`. Labels have few values: never an id, an email or anything
// else that callers choose. Asking for the same name and labels again gives the same metric. A name
// that Prometheus does not allow, or one of two kinds, is a programmer's error and throws.
//
// One for each process, made before and destroyed after what uses it. Thread-safe, but for Serve()
// and StopServing(), which main calls.
class Metrics {
 public:
  using Labels = prometheus::Labels;

  Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;
  ~Metrics();

  // Each lives as long as this. They take microseconds to find and some 40 ns to use: find them
  // once, at the start.
  prometheus::Counter& Counter(const std::string& name, const std::string& help,
                               const Labels& labels = {});
  prometheus::Gauge& Gauge(const std::string& name, const std::string& help,
                           const Labels& labels = {});
  prometheus::Histogram& Histogram(const std::string& name, const std::string& help,
                                   const Labels& labels,
                                   const prometheus::Histogram::BucketBoundaries& upper_bounds);

  // A gauge whose value is asked for at each scrape, on the server's thread, for as long as the
  // registration lives.
  MetricRegistration AddGaugeCallback(const std::string& name, const std::string& help,
                                      const Labels& labels, std::function<double()> value);

  // The same for a count that only grows, which somebody else keeps.
  MetricRegistration AddCounterCallback(const std::string& name, const std::string& help,
                                        const Labels& labels, std::function<double()> value);

  // Any series that are computed at each scrape.
  MetricRegistration AddSource(const std::string& name, const std::string& help,
                               prometheus::MetricType type, ScrapedFamilies::Source source);

  // Listens on `address` (`host:port`; port 0 picks a free one) with two threads, until
  // StopServing() or the end of this. UNAVAILABLE where the address cannot be had. Not twice.
  absl::Status Serve(const std::string& address);

  // The port that Serve() got; 0 before.
  int port() const { return port_; }

  // Ends the endpoint, after a scrape under way. May be called twice or without Serve().
  void StopServing();

 private:
  std::shared_ptr<prometheus::Registry> registry_;
  std::shared_ptr<ScrapedFamilies> scraped_;
  std::unique_ptr<prometheus::Exposer> exposer_;
  std::string address_;
  int port_ = 0;
};

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_TELEMETRY_METRICS_H_

#ifndef VIBESTACK_COMMON_TELEMETRY_METRICS_H_
#define VIBESTACK_COMMON_TELEMETRY_METRICS_H_

#include <functional>
#include <memory>
#include <string>
#include <thread>

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

// The metrics of a process, and the HTTP endpoint (`/metrics`) that Prometheus scrapes. Includes
// the usual process_* metrics.
//
// Names are `vibestack_<what>_<unit>`. Labels have few values: never an id, an email or anything
// else that callers choose. Requesting the same name and labels again returns the same metric. A
// name that Prometheus does not allow, or one name with two kinds, is a bug and throws.
//
// A process has one; it must outlive its users. Thread-safe, except Serve() and StopServing(),
// which only the main thread may call.
class Metrics {
 public:
  using Labels = prometheus::Labels;

  Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;
  ~Metrics();

  // The metrics live as long as this. A look-up takes microseconds, an update about 40 ns: look
  // each metric up once, at the start.
  prometheus::Counter& Counter(const std::string& name, const std::string& help,
                               const Labels& labels = {});
  prometheus::Gauge& Gauge(const std::string& name, const std::string& help,
                           const Labels& labels = {});
  prometheus::Histogram& Histogram(const std::string& name, const std::string& help,
                                   const Labels& labels,
                                   const prometheus::Histogram::BucketBoundaries& upper_bounds);

  // Adds a gauge whose value is read at each scrape, on the thread of the HTTP server, while the
  // registration lives.
  MetricRegistration AddGaugeCallback(const std::string& name, const std::string& help,
                                      const Labels& labels, std::function<double()> value);

  // As AddGaugeCallback, for a counter that another object keeps and that never decreases.
  MetricRegistration AddCounterCallback(const std::string& name, const std::string& help,
                                        const Labels& labels, std::function<double()> value);

  // Adds series that are computed at each scrape.
  MetricRegistration AddSource(const std::string& name, const std::string& help,
                               prometheus::MetricType type, ScrapedFamilies::Source source);

  // Serves on `address` (`host:port`; port 0 chooses a free port) with two threads, until
  // StopServing() or destruction. UNAVAILABLE when the address cannot be bound. Call it at most
  // once.
  absl::Status Serve(const std::string& address);

  // The port after Serve(); 0 before.
  int port() const { return port_; }

  // Waits for a scrape in progress and stops the endpoint; no source is called afterwards. The port
  // closes up to 2 s later, and the destructor waits for that. May be called twice or without
  // Serve().
  void StopServing();

 private:
  std::shared_ptr<prometheus::Registry> registry_;
  std::shared_ptr<ScrapedFamilies> scraped_;
  std::unique_ptr<prometheus::Exposer> exposer_;
  std::thread closing_;  // Closes the exposer.
  int port_ = 0;
};

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_TELEMETRY_METRICS_H_

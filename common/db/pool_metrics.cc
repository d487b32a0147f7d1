#include "common/db/pool_metrics.h"

namespace vibestack::db {

std::vector<MetricRegistration> WatchPool(Metrics& metrics, const Pool& pool) {
  constexpr char kConnections[] = "vibestack_db_connections";
  constexpr char kHelp[] = "Connections to the database.";
  std::vector<MetricRegistration> watched;
  watched.push_back(metrics.AddGaugeCallback(kConnections, kHelp, {{"state", "live"}},
                                             [&pool] { return pool.stats().live; }));
  watched.push_back(metrics.AddGaugeCallback(kConnections, kHelp, {{"state", "busy"}},
                                             [&pool] { return pool.stats().busy; }));
  watched.push_back(
      metrics.AddGaugeCallback("vibestack_db_queue", "Works that wait for a connection.", {},
                               [&pool] { return static_cast<double>(pool.stats().queued); }));
  watched.push_back(metrics.AddSource(
      "vibestack_db_connects_total", "Connections that were opened.",
      prometheus::MetricType::Counter, [&pool](std::vector<prometheus::ClientMetric>& series) {
        series.emplace_back();
        series.back().counter.value = static_cast<double>(pool.stats().connects);
      }));
  return watched;
}

}  // namespace vibestack::db

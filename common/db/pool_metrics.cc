#include "common/db/pool_metrics.h"

namespace vibestack::db {
namespace {

const prometheus::Histogram::BucketBoundaries& TimeBounds() {
  static const auto& bounds = *new prometheus::Histogram::BucketBoundaries{
      0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5};
  return bounds;
}

std::vector<MetricRegistration> RegisterConnectionMetrics(Metrics& metrics, const std::string& name,
                                                          const std::string& help,
                                                          const Pool& pool) {
  std::vector<MetricRegistration> registrations;
  registrations.push_back(metrics.AddGaugeCallback(name, help, {{"state", "live"}},
                                                   [&pool] { return pool.stats().live; }));
  registrations.push_back(metrics.AddGaugeCallback(name, help, {{"state", "busy"}},
                                                   [&pool] { return pool.stats().busy; }));
  return registrations;
}

}  // namespace

PoolTaskMetrics::PoolTaskMetrics(Metrics& metrics)
    : wait_(&metrics.Histogram("vibestack_db_wait_seconds",
                               "Time that database tasks waited for a connection.", {},
                               TimeBounds())),
      use_(&metrics.Histogram("vibestack_db_use_seconds",
                              "Time that database tasks used a connection.", {}, TimeBounds())) {}

void PoolTaskMetrics::operator()(absl::Duration waited, absl::Duration used) const {
  wait_->Observe(absl::ToDoubleSeconds(waited));
  use_->Observe(absl::ToDoubleSeconds(used));
}

std::vector<MetricRegistration> RegisterStandbyMetrics(Metrics& metrics, const Pool* standby) {
  if (standby == nullptr) return {};
  return RegisterConnectionMetrics(metrics, "vibestack_db_standby_connections",
                                   "Connections to the standby, which serves reads that may lag.",
                                   *standby);
}

std::vector<MetricRegistration> RegisterPoolMetrics(Metrics& metrics, const Pool& pool) {
  std::vector<MetricRegistration> registrations = RegisterConnectionMetrics(
      metrics, "vibestack_db_connections", "Connections to the database.", pool);
  registrations.push_back(
      metrics.AddGaugeCallback("vibestack_db_queue", "Database tasks that wait for a connection.",
                               {}, [&pool] { return static_cast<double>(pool.stats().queued); }));
  registrations.push_back(
      metrics.AddCounterCallback("vibestack_db_connects_total", "Opened database connections.", {},
                                 [&pool] { return static_cast<double>(pool.stats().connects); }));
  return registrations;
}

}  // namespace vibestack::db

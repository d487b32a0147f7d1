#include "common/db/listener_metrics.h"

namespace vibestack::db {

std::vector<MetricRegistration> RegisterListenerMetrics(Metrics& metrics,
                                                        const Listener& listener) {
  std::vector<MetricRegistration> registrations;
  registrations.push_back(metrics.AddGaugeCallback(
      "vibestack_listener_connected", "1 while the listener for NOTIFY is connected, else 0.", {},
      [&listener] { return listener.listening() ? 1.0 : 0.0; }));
  registrations.push_back(metrics.AddCounterCallback(
      "vibestack_listener_connects_total",
      "Connections of the listener; each one after the first is a reconnect.", {},
      [&listener] { return static_cast<double>(listener.connects()); }));
  return registrations;
}

}  // namespace vibestack::db

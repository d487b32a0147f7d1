#ifndef VIBESTACK_COMMON_DB_LISTENER_METRICS_H_
#define VIBESTACK_COMMON_DB_LISTENER_METRICS_H_

#include <vector>

#include "common/db/listener.h"
#include "common/telemetry/metrics.h"

namespace vibestack::db {

// vibestack_listener_connected (1 while listening, else 0) and vibestack_listener_connects_total
// (more than one: reconnects). Both arguments must outlive the registrations.
std::vector<MetricRegistration> RegisterListenerMetrics(Metrics& metrics, const Listener& listener);

}  // namespace vibestack::db

#endif  // VIBESTACK_COMMON_DB_LISTENER_METRICS_H_

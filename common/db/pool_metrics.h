#ifndef VIBESTACK_COMMON_DB_POOL_METRICS_H_
#define VIBESTACK_COMMON_DB_POOL_METRICS_H_

#include <vector>

#include "common/db/pool.h"
#include "common/telemetry/metrics.h"

namespace vibestack::db {

// vibestack_db_connections{state="live"|"busy"}, vibestack_db_queue (works that wait for a
// connection) and vibestack_db_connects_total (more than connections: some were lost). Both must
// outlive the registrations.
std::vector<MetricRegistration> WatchPool(Metrics& metrics, const Pool& pool);

}  // namespace vibestack::db

#endif  // VIBESTACK_COMMON_DB_POOL_METRICS_H_

#ifndef VIBESTACK_COMMON_TELEMETRY_PROCESS_METRICS_H_
#define VIBESTACK_COMMON_TELEMETRY_PROCESS_METRICS_H_

#include "common/telemetry/scraped_families.h"

namespace vibestack {

// Adds vibestack_build_info{version}, and process_resident_memory_bytes, process_open_fds,
// process_cpu_seconds_total and process_start_time_seconds, as in Prometheus' client libraries.
// Read from /proc at each scrape.
void AddProcessMetrics(ScrapedFamilies& families);

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_TELEMETRY_PROCESS_METRICS_H_

#ifndef VIBESTACK_COMMON_RPC_ACCOUNT_CACHE_METRICS_H_
#define VIBESTACK_COMMON_RPC_ACCOUNT_CACHE_METRICS_H_

#include <vector>

#include "common/rpc/account_source.h"
#include "common/telemetry/metrics.h"

namespace vibestack::rpc {

// vibestack_account_cache_lookups_total{outcome="hit"|"miss"|"stale"|"failed"} and
// vibestack_account_cache_entries; see AccountCache::Stats. Both arguments must outlive the
// registrations.
std::vector<MetricRegistration> RegisterAccountCacheMetrics(Metrics& metrics,
                                                            const AccountCache& cache);

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_ACCOUNT_CACHE_METRICS_H_

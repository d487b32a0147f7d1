#include "common/rpc/account_cache_metrics.h"

namespace vibestack::rpc {

std::vector<MetricRegistration> RegisterAccountCacheMetrics(Metrics& metrics,
                                                            const AccountCache& cache) {
  std::vector<MetricRegistration> registrations;
  const auto count = [&](const char* outcome, uint64_t AccountCache::Stats::*value) {
    registrations.push_back(metrics.AddCounterCallback(
        "vibestack_account_cache_lookups_total",
        "Account look-ups by outcome. While the source is unavailable, a look-up is stale (an "
        "older "
        "entry answered it) or failed.",
        {{"outcome", outcome}},
        [&cache, value] { return static_cast<double>(cache.stats().*value); }));
  };
  count("hit", &AccountCache::Stats::hits);
  count("miss", &AccountCache::Stats::misses);
  count("stale", &AccountCache::Stats::stale);
  count("failed", &AccountCache::Stats::failed);
  registrations.push_back(
      metrics.AddGaugeCallback("vibestack_account_cache_entries", "Accounts in the cache.", {},
                               [&cache] { return static_cast<double>(cache.stats().entries); }));
  return registrations;
}

}  // namespace vibestack::rpc

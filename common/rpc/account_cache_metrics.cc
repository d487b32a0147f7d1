#include "common/rpc/account_cache_metrics.h"

namespace vibestack::rpc {

std::vector<MetricRegistration> RegisterAccountCacheMetrics(Metrics& metrics,
                                                            const AccountCache& cache) {
  std::vector<MetricRegistration> watched;
  const auto count = [&](const char* outcome, uint64_t AccountCache::Stats::*value) {
    watched.push_back(metrics.AddCounterCallback(
        "vibestack_account_cache_lookups_total",
        "Look-ups of accounts: answered from the cache, by its source, or, while the source was "
        "away, by an older answer.",
        {{"outcome", outcome}},
        [&cache, value] { return static_cast<double>(cache.stats().*value); }));
  };
  count("hit", &AccountCache::Stats::hits);
  count("miss", &AccountCache::Stats::misses);
  count("stale", &AccountCache::Stats::stale);
  count("failed", &AccountCache::Stats::failed);
  watched.push_back(
      metrics.AddGaugeCallback("vibestack_account_cache_entries", "Accounts in the cache.", {},
                               [&cache] { return static_cast<double>(cache.stats().entries); }));
  return watched;
}

}  // namespace vibestack::rpc

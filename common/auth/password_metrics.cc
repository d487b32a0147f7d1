#include "common/auth/password_metrics.h"

namespace vibestack::auth {

std::vector<MetricRegistration> RegisterPasswordPoolMetrics(Metrics& metrics,
                                                            const PasswordPool& pool) {
  using Stats = PasswordPool::Stats;
  std::vector<MetricRegistration> watched;
  const auto gauge = [&](const char* state, size_t Stats::*value) {
    watched.push_back(metrics.AddGaugeCallback(
        "vibestack_passwords", "Passwords that are hashed or wait for it.", {{"state", state}},
        [&pool, value] { return static_cast<double>(pool.stats().*value); }));
  };
  gauge("queued", &Stats::queued);
  gauge("running", &Stats::running);
  const auto count = [&](const char* outcome, uint64_t Stats::*value) {
    watched.push_back(metrics.AddCounterCallback(
        "vibestack_password_hashes_total",
        "Passwords to hash: hashed, shed since they would come too late, or expired in the queue.",
        {{"outcome", outcome}},
        [&pool, value] { return static_cast<double>(pool.stats().*value); }));
  };
  count("done", &Stats::done);
  count("shed", &Stats::shed);
  count("expired", &Stats::expired);
  return watched;
}

}  // namespace vibestack::auth

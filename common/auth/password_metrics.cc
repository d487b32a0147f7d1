#include "common/auth/password_metrics.h"

namespace vibestack::auth {

std::vector<MetricRegistration> RegisterPasswordPoolMetrics(Metrics& metrics,
                                                            const PasswordPool& pool) {
  using Stats = PasswordPool::Stats;
  std::vector<MetricRegistration> registrations;
  const auto gauge = [&](const char* state, size_t Stats::*value) {
    registrations.push_back(metrics.AddGaugeCallback(
        "vibestack_passwords", "Password operations that are queued or running.",
        {{"state", state}}, [&pool, value] { return static_cast<double>(pool.stats().*value); }));
  };
  gauge("queued", &Stats::queued);
  gauge("running", &Stats::running);
  const auto count = [&](const char* outcome, uint64_t Stats::*value) {
    registrations.push_back(metrics.AddCounterCallback(
        "vibestack_password_hashes_total",
        "Password operations by outcome: done, shed (refused, since they would miss their "
        "deadline) "
        "or expired in the queue.",
        {{"outcome", outcome}},
        [&pool, value] { return static_cast<double>(pool.stats().*value); }));
  };
  count("done", &Stats::done);
  count("shed", &Stats::shed);
  count("expired", &Stats::expired);
  return registrations;
}

}  // namespace vibestack::auth

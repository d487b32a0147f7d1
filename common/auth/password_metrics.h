#ifndef VIBESTACK_COMMON_AUTH_PASSWORD_METRICS_H_
#define VIBESTACK_COMMON_AUTH_PASSWORD_METRICS_H_

#include <vector>

#include "common/auth/password_pool.h"
#include "common/telemetry/metrics.h"

namespace vibestack::auth {

// vibestack_passwords{state="queued"|"running"} and
// vibestack_password_hashes_total{outcome="done"|"shed"|"expired"}; see PasswordPool::Stats. Both
// arguments must outlive the registrations.
std::vector<MetricRegistration> RegisterPasswordPoolMetrics(Metrics& metrics,
                                                            const PasswordPool& pool);

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_PASSWORD_METRICS_H_

#ifndef VIBESTACK_USER_SERVICE_API_LOGIN_METRICS_H_
#define VIBESTACK_USER_SERVICE_API_LOGIN_METRICS_H_

#include "common/telemetry/metrics.h"
#include "user_service/domain/sessions.h"

namespace vibestack::user_service {

// The counter vibestack_logins_total{outcome}. Outcomes: `ok`; `unknown_email`, `wrong_password`
// and `inactive` for refused credentials; `limited` for a refusal by a rate limit; `busy` for
// RESOURCE_EXHAUSTED, such as a full queue of the password pool; `failed` for every other error.
// Thread-safe; `metrics` must outlive this.
class LoginMetrics {
 public:
  explicit LoginMetrics(Metrics& metrics);

  // Counts an attempt that the rate limits admitted.
  void Record(const Sessions::LogInOutcome& outcome);
  // Counts an attempt that a rate limit refused. Ignores every other status.
  void RecordLimited(const absl::Status& status);

 private:
  prometheus::Counter& Outcome(const char* outcome);

  Metrics& metrics_;
  prometheus::Counter& ok_;
  prometheus::Counter& unknown_email_;
  prometheus::Counter& wrong_password_;
  prometheus::Counter& inactive_;
  prometheus::Counter& limited_;
  prometheus::Counter& busy_;
  prometheus::Counter& failed_;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_API_LOGIN_METRICS_H_

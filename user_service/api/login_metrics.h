#ifndef VIBESTACK_USER_SERVICE_API_LOGIN_METRICS_H_
#define VIBESTACK_USER_SERVICE_API_LOGIN_METRICS_H_

#include "absl/status/status.h"
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

  // Counts a call that ended with `status`. `refusal` says why its credentials were refused, if so.
  void Record(const absl::Status& status, Sessions::Refusal refusal);

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

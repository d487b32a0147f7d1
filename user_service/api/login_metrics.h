#ifndef VIBESTACK_USER_SERVICE_API_LOGIN_METRICS_H_
#define VIBESTACK_USER_SERVICE_API_LOGIN_METRICS_H_

#include "common/telemetry/metrics.h"
#include "user_service/domain/sessions.h"

namespace vibestack::user_service {

// vibestack_logins_total{outcome}: `ok`; refused credentials by what was wrong (`unknown_email`,
// `wrong_password`, `inactive`); `limited` after too many guesses; `busy` where passwords queue for
// too long; `failed` for everything that is our fault or the caller's deadline. Thread-safe;
// `metrics` must outlive it.
class LoginMetrics {
 public:
  explicit LoginMetrics(Metrics& metrics);

  // An attempt whose credentials were looked at, or would have been.
  void Record(const Sessions::LogInOutcome& outcome);
  // An attempt that was not let in; nothing unless `answer` says so.
  void RecordLimited(const absl::Status& answer);

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

#include "user_service/api/login_metrics.h"

#include <string_view>

#include "common/base/error.h"

namespace vibestack::user_service {

LoginMetrics::LoginMetrics(Metrics& metrics)
    : metrics_(metrics),
      ok_(Outcome("ok")),
      unknown_email_(Outcome("unknown_email")),
      wrong_password_(Outcome("wrong_password")),
      inactive_(Outcome("inactive")),
      limited_(Outcome("limited")),
      busy_(Outcome("busy")),
      failed_(Outcome("failed")) {}

prometheus::Counter& LoginMetrics::Outcome(const char* outcome) {
  return metrics_.Counter("vibestack_logins_total", "Log-ins by outcome.", {{"outcome", outcome}});
}

void LoginMetrics::Record(const Sessions::LogInOutcome& outcome) {
  const std::string_view refusal = outcome.refusal;
  if (outcome.tokens.ok()) return ok_.Increment();
  if (refusal == "unknown_email") return unknown_email_.Increment();
  if (refusal == "wrong_password") return wrong_password_.Increment();
  if (refusal == "inactive") return inactive_.Increment();
  if (absl::IsResourceExhausted(outcome.tokens.status())) return busy_.Increment();
  failed_.Increment();
}

void LoginMetrics::RecordLimited(const absl::Status& status) {
  if (ErrorReason(status) == "TOO_MANY_ATTEMPTS") limited_.Increment();
}

}  // namespace vibestack::user_service

#include "user_service/api/login_metrics.h"

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

void LoginMetrics::Record(const absl::Status& status, Sessions::Refusal refusal) {
  switch (refusal) {
    case Sessions::Refusal::kUnknownEmail:
      return unknown_email_.Increment();
    case Sessions::Refusal::kWrongPassword:
      return wrong_password_.Increment();
    case Sessions::Refusal::kInactive:
      return inactive_.Increment();
    case Sessions::Refusal::kNone:
      break;
  }
  if (status.ok()) return ok_.Increment();
  if (ErrorReason(status) == "TOO_MANY_ATTEMPTS") return limited_.Increment();
  if (absl::IsResourceExhausted(status)) return busy_.Increment();
  failed_.Increment();
}

}  // namespace vibestack::user_service

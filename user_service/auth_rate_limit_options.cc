#include "user_service/auth_rate_limit_options.h"

#include "absl/flags/flag.h"
#include "common/config/checks.h"

ABSL_FLAG(int32_t, login_failures_per_account_and_address, 10,
          "Failed log-ins to one account from one address within --login_failure_window.");
ABSL_FLAG(int32_t, login_failures_per_address, 100,
          "Failed attempts (passwords and tokens) from one address within --login_failure_window.");
ABSL_FLAG(int32_t, login_failures_per_account, 100,
          "Failed log-ins to one account from all addresses within --login_failure_window; once "
          "reached, only addresses without a failure on this account are admitted.");
ABSL_FLAG(absl::Duration, login_failure_window, absl::Minutes(10),
          "Window over which failures decay linearly.");

namespace vibestack::user_service {

absl::StatusOr<AuthRateLimits::Options> ReadAuthRateLimitOptions() {
  AuthRateLimits::Options options;
  options.per_account_and_address = absl::GetFlag(FLAGS_login_failures_per_account_and_address);
  options.per_address = absl::GetFlag(FLAGS_login_failures_per_address);
  options.per_account = absl::GetFlag(FLAGS_login_failures_per_account);
  options.window = absl::GetFlag(FLAGS_login_failure_window);
  constexpr int kMost = 1'000'000;
  for (const absl::Status& check :
       {CheckRange("login_failures_per_account_and_address", options.per_account_and_address, 1,
                   kMost),
        CheckRange("login_failures_per_address", options.per_address, 1, kMost),
        CheckRange("login_failures_per_account", options.per_account, 1, kMost),
        CheckRange("login_failure_window", options.window, absl::Seconds(1), absl::Hours(24))}) {
    if (!check.ok()) return check;
  }
  return options;
}

}  // namespace vibestack::user_service

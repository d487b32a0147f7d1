#ifndef VIBESTACK_USER_SERVICE_AUTH_RATE_LIMIT_OPTIONS_H_
#define VIBESTACK_USER_SERVICE_AUTH_RATE_LIMIT_OPTIONS_H_

#include "absl/status/statusor.h"
#include "user_service/domain/auth_rate_limits.h"

namespace vibestack::user_service {

// The limits of the flags --login_failure… . INVALID_ARGUMENT names the wrong flag.
absl::StatusOr<AuthRateLimits::Options> ReadAuthRateLimitOptions();

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_AUTH_RATE_LIMIT_OPTIONS_H_

#ifndef VIBESTACK_USER_SERVICE_GUESS_OPTIONS_H_
#define VIBESTACK_USER_SERVICE_GUESS_OPTIONS_H_

#include "absl/status/statusor.h"
#include "user_service/domain/guess_limits.h"

namespace vibestack::user_service {

// The limits that the flags --guess… set. INVALID_ARGUMENT names the flag that is wrong.
absl::StatusOr<GuessLimits::Options> ReadGuessOptions();

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_GUESS_OPTIONS_H_

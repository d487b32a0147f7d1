#ifndef VIBESTACK_USER_SERVICE_PASSWORD_INPUT_H_
#define VIBESTACK_USER_SERVICE_PASSWORD_INPUT_H_

#include "absl/status/statusor.h"
#include "common/base/secret.h"

namespace vibestack::user_service {

// The password for create-superuser: VIBESTACK_PASSWORD, else the first line of stdin, which a
// terminal is asked for without showing it. Empty where neither gives one. INVALID_ARGUMENT for one
// against the rules. Never an argument: those are seen by every user of the machine.
absl::StatusOr<Secret> ReadPassword();

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_PASSWORD_INPUT_H_

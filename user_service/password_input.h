#ifndef VIBESTACK_USER_SERVICE_PASSWORD_INPUT_H_
#define VIBESTACK_USER_SERVICE_PASSWORD_INPUT_H_

#include "absl/status/statusor.h"
#include "common/base/secret.h"

namespace vibestack::user_service {

// Returns the password for create-superuser: the variable VIBESTACK_PASSWORD, else the first line
// of stdin. A terminal gets a prompt and does not show the password. The result is empty when
// neither gives one. INVALID_ARGUMENT for a password that breaks the rules. The password is never
// an argument, because every user of the machine can read those.
absl::StatusOr<Secret> ReadPassword();

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_PASSWORD_INPUT_H_

#ifndef VIBESTACK_USER_SERVICE_PASSWORD_INPUT_H_
#define VIBESTACK_USER_SERVICE_PASSWORD_INPUT_H_

#include "absl/status/statusor.h"
#include "common/base/secret.h"

namespace vibestack::user_service {

// Returns the password for create-superuser: the environment variable VIBESTACK_PASSWORD, else the
// first line of stdin. On a terminal, prompts and hides the input. Returns an empty password if
// both are empty, and INVALID_ARGUMENT for a password that breaks the rules. The password is never
// a flag, because every user of the machine can read the flags of a process.
absl::StatusOr<Secret> ReadPassword();

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_PASSWORD_INPUT_H_

#ifndef VIBESTACK_COMMON_AUTH_ACCOUNT_H_
#define VIBESTACK_COMMON_AUTH_ACCOUNT_H_

#include <string>

#include "absl/status/status.h"
#include "common/auth/token.h"

namespace vibestack::auth {

// The part of a user's current state that decides whether a token is valid. A token carries only
// the fingerprint, which must equal this one.
struct AccountState {
  bool exists = false;
  bool is_active = false;
  bool is_superuser = false;
  std::string fingerprint;  // empty without a usable password: matches no token
};

// Checks that the account exists, is active and has the fingerprint of the claims. Errors:
// UNAUTHENTICATED (TOKEN_INVALID, ACCOUNT_INACTIVE).
absl::Status CheckAccount(const Claims& claims, const AccountState& account);

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_ACCOUNT_H_

#include "common/auth/account.h"

#include <string_view>
#include <utility>

#include "common/auth/fingerprint.h"
#include "common/auth/token_refusal.h"
#include "common/base/error.h"

namespace vibestack::auth {
namespace {

// The error for a valid token whose account is not valid.
absl::Status Refusal(std::string_view reason, const Claims& claims, std::string fault) {
  return WithRefusal(
      UnauthenticatedError(reason, reason == "ACCOUNT_INACTIVE" ? "the account is not active"
                                                                : "the token is not valid"),
      {.fault = std::move(fault),
       .key_id = "",
       .token_id = claims.token_id,
       .subject = claims.subject});
}

}  // namespace

absl::Status CheckAccount(const Claims& claims, const AccountState& account) {
  if (!account.exists) return Refusal("TOKEN_INVALID", claims, "no_account");
  if (!SameFingerprint(account.fingerprint, claims.fingerprint)) {
    return Refusal("TOKEN_INVALID", claims, "wrong_fingerprint");
  }
  if (!account.is_active) return Refusal("ACCOUNT_INACTIVE", claims, "account_inactive");
  return absl::OkStatus();
}

}  // namespace vibestack::auth

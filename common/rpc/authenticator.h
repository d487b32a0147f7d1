#ifndef VIBESTACK_COMMON_RPC_AUTHENTICATOR_H_
#define VIBESTACK_COMMON_RPC_AUTHENTICATOR_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/auth/caller.h"
#include "common/auth/token.h"
#include "common/rpc/account_source.h"

namespace vibestack::rpc {

// Finds out who calls, from the call's bearer token and the account's state at this moment.
// Thread-safe.
class Authenticator {
 public:
  // Verifies an access, service or callback token, as far as callers may have one: UNAUTHENTICATED,
  // or UNAVAILABLE while no keys are known. Claims of another purpose must not come of it.
  using Verify = std::function<absl::StatusOr<auth::Claims>(const std::string& token)>;

  // Asked once about a token that was refused: OK when it may be verified again, because keys came
  // that were not known; else the error to answer.
  using RefreshKeysAndRetry =
      std::function<Task<absl::Status>(const std::string& token, absl::Status refusal)>;

  // `accounts` must outlive this. Without `refresh_keys_and_retry` a refusal stands.
  Authenticator(Verify verify, AccountSource& accounts,
                RefreshKeysAndRetry refresh_keys_and_retry = nullptr);

  // `authorization` is the metadata of that name. UNAUTHENTICATED with the reason TOKEN_MISSING,
  // TOKEN_INVALID (also after a password change), TOKEN_EXPIRED or ACCOUNT_INACTIVE; UNAVAILABLE
  // when the account cannot be looked up: nobody is let in on a guess.
  Task<absl::StatusOr<auth::Caller>> Authenticate(std::string authorization, absl::Time deadline);

 private:
  // The account, if it stands behind the token; CheckAccount's error otherwise, which is never
  // decided by what was remembered before the token was issued: right after a change of password
  // elsewhere that would refuse a new token.
  Task<absl::StatusOr<auth::AccountState>> FindAccount(const auth::Claims& claims,
                                                       absl::Time deadline);

  const Verify verify_;
  AccountSource& accounts_;
  const RefreshKeysAndRetry refresh_keys_and_retry_;
};

// Whether a token with these claims still stands for its account; UNAUTHENTICATED as above.
absl::Status CheckAccount(const auth::Claims& claims, const auth::AccountState& account);

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_AUTHENTICATOR_H_

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

// Identifies the caller from the bearer token and the current state of the account. Thread-safe.
class Authenticator {
 public:
  // Verifies an access, service or callback token and returns its claims; refuses tokens of every
  // other purpose. Errors: UNAUTHENTICATED; UNAVAILABLE while no keys are known.
  using Verify = std::function<absl::StatusOr<auth::Claims>(const std::string& token)>;

  // Called with a token that Verify refused and with its error. Returns OK when new keys were
  // fetched; the token is then verified once more. Any other status is the error for the caller.
  using RefreshKeysAndRetry =
      std::function<Task<absl::Status>(const std::string& token, absl::Status refusal)>;

  // `accounts` must outlive this. Without `refresh_keys_and_retry` the first refusal is final.
  Authenticator(Verify verify, AccountSource& accounts,
                RefreshKeysAndRetry refresh_keys_and_retry = nullptr);

  // `authorization` is the value of that metadata key. `deadline` limits the account look-up.
  // Errors: UNAUTHENTICATED with the reason TOKEN_MISSING, TOKEN_INVALID (also after a password
  // change), TOKEN_EXPIRED or ACCOUNT_INACTIVE; UNAVAILABLE when the account cannot be looked up.
  Task<absl::StatusOr<auth::Caller>> Authenticate(std::string authorization, absl::Time deadline);

 private:
  // Returns the account if it passes auth::CheckAccount, otherwise the error of auth::CheckAccount.
  // Never refuses a token because of a cached state that is older than the token: such a state
  // would refuse the new token right after a password change on another replica.
  Task<absl::StatusOr<auth::AccountState>> FindAccount(const auth::Claims& claims,
                                                       absl::Time deadline);

  const Verify verify_;
  AccountSource& accounts_;
  const RefreshKeysAndRetry refresh_keys_and_retry_;
};

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_AUTHENTICATOR_H_

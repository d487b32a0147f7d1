#ifndef VIBESTACK_USER_SERVICE_DOMAIN_SESSIONS_H_
#define VIBESTACK_USER_SERVICE_DOMAIN_SESSIONS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/auth/account.h"
#include "common/auth/key_set.h"
#include "common/auth/token_issuer.h"
#include "common/auth/token_verifier.h"
#include "common/base/clock.h"
#include "common/base/secret.h"
#include "user_service/domain/hash_upgrades.h"
#include "user_service/domain/passwords.h"
#include "user_service/store/user_store.h"

namespace vibestack::user_service {

// The fingerprint of this user's tokens. Empty if the stored hash is malformed: then no token
// matches.
std::string FingerprintOf(const User& user, const Secret& fingerprint_key);

// The state that a token of this user is checked against. Null: there is no such account.
auth::AccountState StateOf(const UserPtr& user, const Secret& fingerprint_key);

// Logs users in. There is no session table: a session is a pair of tokens, which are valid while
// the account is active and its password unchanged. Thread-safe.
class Sessions {
 public:
  struct Options {
    Secret fingerprint_key;
    absl::Duration access_token_ttl = auth::kAccessTokenLifetime;
    absl::Duration refresh_token_ttl = auth::kRefreshTokenLifetime;
  };
  struct Tokens {
    Secret access_token;
    Secret refresh_token;
    absl::Duration expires_in;  // of the access token
  };

  // All must outlive this.
  Sessions(UserStore& users, Passwords& passwords, const auth::KeySetProvider& keys,
           const Clock& clock, Options options);

  // The outcome of a log-in. The response holds `tokens` only; the rest is for the audit log.
  struct LogInOutcome {
    absl::StatusOr<Tokens> tokens;
    std::string user_id = "";  // the account of the email; empty if there is none or it is unknown
    const char* refusal = "";  // unknown_email, wrong_password or inactive; empty if not refused
  };

  // UNAUTHENTICATED (INVALID_CREDENTIALS) for an unknown email, a wrong password and an inactive
  // account alike, after the same time. Other errors: as UserStore and PasswordPool.
  Task<LogInOutcome> LogIn(std::string email, Secret password, absl::Time deadline);

  // New tokens for a valid refresh token, after a look at the account's row. UNAUTHENTICATED
  // (TOKEN_INVALID, TOKEN_EXPIRED, ACCOUNT_INACTIVE). Other errors: as UserStore.
  Task<absl::StatusOr<Tokens>> Refresh(std::string refresh_token, absl::Time deadline);

  // New tokens for a user whose right to them was checked elsewhere.
  absl::StatusOr<Tokens> Open(const User& user) const;

 private:
  UserStore& users_;
  Passwords& passwords_;
  const auth::TokenVerifier verifier_;
  const auth::TokenIssuer issuer_;
  const Options options_;
  HashUpgrades upgrades_;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_SESSIONS_H_

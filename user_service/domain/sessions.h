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

// The fingerprint that tokens of this user carry now; empty when the stored hash is malformed, so
// that no token matches.
std::string FingerprintOf(const User& user, const Secret& fingerprint_key);

// What a token of this user (null: of nobody) is checked against.
auth::AccountState StateOf(const UserPtr& user, const Secret& fingerprint_key);

// Logs people in. There is no session table: a session is a pair of tokens, good as long as the
// account is active and has the password it had. Thread-safe.
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

  // What a log-in came to. The caller is told `tokens` only: the rest is for the audit log.
  struct LogInOutcome {
    absl::StatusOr<Tokens> tokens;
    std::string user_id = "";  // whose email it was; empty where nobody's or not found out
    const char* refusal = "";  // why the credentials were refused: unknown_email, …
  };

  // UNAUTHENTICATED (INVALID_CREDENTIALS) for an unknown email, a wrong password and an inactive
  // account, after the same time. Else as UserStore and PasswordPool.
  Task<LogInOutcome> LogIn(std::string email, Secret password, absl::Time deadline);

  // New tokens for a refresh token whose account stands as the database says now. UNAUTHENTICATED
  // (TOKEN_INVALID, TOKEN_EXPIRED, ACCOUNT_INACTIVE). Else as UserStore.
  Task<absl::StatusOr<Tokens>> Refresh(std::string refresh_token, absl::Time deadline);

  // New tokens for somebody whom other rules let in.
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

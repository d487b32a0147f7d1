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

// The fingerprint that this user's access and refresh tokens must have. Empty if the stored hash is
// malformed; no token matches it.
std::string FingerprintOf(const User& user, const Secret& fingerprint_key);

// The account state that tokens are checked against. `user` is null if there is no such account.
auth::AccountState StateOf(const UserPtr& user, const Secret& fingerprint_key);

// The session that a refresh token belongs to. A token of an older version does not have the time
// of the log-in; then the time of its issue counts.
auth::TokenSession SessionOf(const auth::Claims& claims, absl::Duration session_ttl);

// Logs users in and refreshes their tokens. There is no session table: a session is an access token
// and a refresh token, which have the time of the log-in. They are valid until they expire, while
// the account is active and its password unchanged. No token outlives its session. Thread-safe.
class Sessions {
 public:
  struct Options {
    Secret fingerprint_key;
    absl::Duration access_token_ttl = auth::kAccessTokenLifetime;
    absl::Duration refresh_token_ttl = auth::kRefreshTokenLifetime;
    // From the log-in to the end of the session, however often it is refreshed. At least 1 s.
    absl::Duration session_ttl = auth::kSessionLifetime;
  };
  struct Tokens {
    Secret access_token;
    Secret refresh_token;
    absl::Duration expires_in;  // the lifetime of the access token
  };

  // All must outlive this.
  Sessions(UserStore& users, Passwords& passwords, const auth::KeySetProvider& keys,
           const Clock& clock, Options options);

  // Why the credentials were refused. kNone: they were right, or another error ended the log-in.
  enum class Refusal { kNone, kUnknownEmail, kWrongPassword, kInactive };

  // The outcome of a log-in. The response has `tokens` only; the other fields are for the audit log
  // and metrics.
  struct LogInOutcome {
    absl::StatusOr<Tokens> tokens;
    std::string user_id = "";  // the account of the email; empty without one, or if none was read
    Refusal refusal = Refusal::kNone;
  };

  // Checks the password and issues tokens. Errors: UNAUTHENTICATED (INVALID_CREDENTIALS) for an
  // unknown email, a wrong password and an inactive account, all after the same time; those of
  // UserStore and PasswordPool.
  Task<LogInOutcome> LogIn(std::string email, Secret password, absl::Time deadline);

  // Issues new tokens of the same session for a valid refresh token. Reads the account from the
  // database. Errors: UNAUTHENTICATED (TOKEN_INVALID, TOKEN_EXPIRED, ACCOUNT_INACTIVE), with
  // TOKEN_EXPIRED also when the session is over; those of UserStore.
  Task<absl::StatusOr<Tokens>> Refresh(std::string refresh_token, absl::Time deadline);

  // Issues tokens of a new session, without any check: the caller has authenticated the user now.
  // INTERNAL if there is no private key.
  absl::StatusOr<Tokens> IssueTokens(const User& user) const;

 private:
  absl::StatusOr<Tokens> IssueTokens(const User& user, const auth::TokenSession& session) const;

  UserStore& users_;
  Passwords& passwords_;
  const Clock& clock_;
  const auth::TokenVerifier verifier_;
  const auth::TokenIssuer issuer_;
  const Options options_;
  HashUpgrades upgrades_;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_SESSIONS_H_

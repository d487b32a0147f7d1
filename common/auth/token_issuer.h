#ifndef VIBESTACK_COMMON_AUTH_TOKEN_ISSUER_H_
#define VIBESTACK_COMMON_AUTH_TOKEN_ISSUER_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/auth/key_set.h"
#include "common/auth/token.h"
#include "common/base/clock.h"
#include "common/base/secret.h"

namespace vibestack::auth {

// Lifetimes of sessions and of the tokens of users.
inline constexpr absl::Duration kSessionLifetime = absl::Hours(24 * 30);
inline constexpr absl::Duration kAccessTokenLifetime = absl::Minutes(15);
inline constexpr absl::Duration kRefreshTokenLifetime = absl::Hours(24 * 30);
inline constexpr absl::Duration kResetTokenLifetime = absl::Minutes(30);
inline constexpr absl::Duration kSignUpTokenLifetime = absl::Hours(24);

// The session that a token belongs to. The token expires at its end at the latest.
struct TokenSession {
  absl::Time auth_time;  // the log-in
  absl::Time end;
};

struct IssuedToken {
  Secret token;
  Claims claims;
};

// Signs tokens with the newest private key. Thread-safe; the clock must outlive it.
class TokenIssuer {
 public:
  TokenIssuer(KeySetProvider keys, const Clock& clock, TokenRealm realm = {});

  // Issues a token that is valid from the current second for `lifetime` (rounded down to whole
  // seconds, at least 1 s). Pass `fingerprint` and `email` for the purposes that carry them,
  // otherwise leave them empty. `attempt` and `job_created_micros` (Claims) are for kCallback only,
  // and `session` for kAccess and kRefresh only. UNAUTHENTICATED (TOKEN_EXPIRED) when the session
  // is over. INTERNAL when an argument is not valid for the purpose (check the name of a service
  // with IsServiceName first) or there is no private key.
  absl::StatusOr<IssuedToken> Issue(Purpose purpose, const std::string& subject,
                                    absl::Duration lifetime, const std::string& fingerprint = "",
                                    const std::string& email = "", int attempt = 1,
                                    int64_t job_created_micros = 0,
                                    std::optional<TokenSession> session = std::nullopt) const;

 private:
  const KeySetProvider keys_;
  const Clock& clock_;
  const TokenRealm realm_;
};

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_TOKEN_ISSUER_H_

#ifndef VIBESTACK_COMMON_AUTH_TOKEN_ISSUER_H_
#define VIBESTACK_COMMON_AUTH_TOKEN_ISSUER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/auth/key_set.h"
#include "common/auth/token.h"
#include "common/base/clock.h"
#include "common/base/secret.h"

namespace vibestack::auth {

// How long tokens of users live.
inline constexpr absl::Duration kAccessTokenLifetime = absl::Minutes(15);
inline constexpr absl::Duration kRefreshTokenLifetime = absl::Hours(24 * 30);
inline constexpr absl::Duration kResetTokenLifetime = absl::Minutes(30);
inline constexpr absl::Duration kSignUpTokenLifetime = absl::Hours(24);

struct IssuedToken {
  Secret token;
  Claims claims;
};

// Signs tokens with the newest private key. Thread-safe; the clock must outlive it.
class TokenIssuer {
 public:
  TokenIssuer(KeySetProvider keys, const Clock& clock, TokenRealm realm = {});

  // A token valid from this second for `lifetime` (rounded down to seconds, at least one). The
  // fingerprint is for the purposes that carry one and empty for the others, and so is the email.
  // INTERNAL when an argument does not fit the purpose (check a service's name with IsServiceName
  // before) or no private key is there.
  absl::StatusOr<IssuedToken> Issue(Purpose purpose, const std::string& subject,
                                    absl::Duration lifetime, const std::string& fingerprint = "",
                                    const std::string& email = "") const;

 private:
  const KeySetProvider keys_;
  const Clock& clock_;
  const TokenRealm realm_;
};

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_TOKEN_ISSUER_H_

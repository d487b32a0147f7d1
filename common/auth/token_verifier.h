#ifndef VIBESTACK_COMMON_AUTH_TOKEN_VERIFIER_H_
#define VIBESTACK_COMMON_AUTH_TOKEN_VERIFIER_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/auth/key_set.h"
#include "common/auth/token.h"
#include "common/base/clock.h"

namespace vibestack::auth {

// Longer texts are refused before anything is done with them.
inline constexpr size_t kMaxTokenBytes = 4096;

// How far the clock of another replica may be ahead of ours: a token issued later than that is
// refused. Expiry has no leeway.
inline constexpr absl::Duration kClockLeeway = absl::Seconds(5);

// What a verification found: `claims` are set when `fault` is kNone.
struct TokenVerdict {
  TokenFault fault = TokenFault::kNone;
  Claims claims;
};

// A verdict as callers are told: UNAUTHENTICATED with TOKEN_EXPIRED for a token that is right but
// for its age, TOKEN_INVALID for all others, without saying why. The TokenRefusal is attached.
absl::Status TokenError(const std::string& token, TokenFault fault);

// What a token says it is for, unproved; nothing where it says nothing that we know. Only to choose
// the purpose to verify it for.
std::optional<Purpose> ClaimedPurpose(const std::string& token);

// UNAVAILABLE (TOKEN_KEYS_UNAVAILABLE): no keys are known yet, so no token can be judged.
absl::Status NoKeysError();

// Verifies tokens of TokenIssuer, and nothing else: the form is the one that the issuer writes,
// byte for byte, so there is nothing to interpret before the signature is proved and nothing
// ambiguous after. It knows nothing of accounts: whether the user exists, is active and still has
// that fingerprint is for the caller to look up. Thread-safe; the clock must outlive it.
class TokenVerifier {
 public:
  TokenVerifier(KeySetProvider keys, const Clock& clock, TokenRealm realm = {});

  // The claims of a valid token made for `expected`. Errors: TokenError, NoKeysError. When `fault`
  // is given it says why a token was refused (kNone otherwise), for the audit log. About 90 us.
  absl::StatusOr<Claims> Verify(const std::string& token, Purpose expected,
                                TokenFault* fault = nullptr) const;

  // The same by these keys, as a verdict that can be kept.
  TokenVerdict Judge(const std::string& token, Purpose expected, const KeySet& keys) const;

 private:
  TokenVerdict JudgePayload(const std::string& part, Purpose expected) const;

  const KeySetProvider keys_;
  const Clock& clock_;
  const TokenRealm realm_;
};

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_TOKEN_VERIFIER_H_

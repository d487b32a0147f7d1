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

// Longer tokens are refused before any processing.
inline constexpr size_t kMaxTokenBytes = 4096;

// Tolerance for the clock of another replica: a token issued later than now plus this is refused.
// Expiry has no leeway.
inline constexpr absl::Duration kClockLeeway = absl::Seconds(5);

// The result of a verification: `claims` are set when `fault` is kNone.
struct TokenVerdict {
  TokenFault fault = TokenFault::kNone;
  Claims claims;
};

// The error for the client: UNAUTHENTICATED with TOKEN_EXPIRED for an otherwise valid token that
// has expired or whose session is over, with TOKEN_INVALID and no details for every other fault.
// The TokenRefusal is attached for the audit log.
absl::Status TokenError(const std::string& token, TokenFault fault);

// UNAUTHENTICATED (TOKEN_EXPIRED): the session has lasted as long as a session may.
absl::Status SessionOverError();

// The purpose that a token claims, not verified; nothing when it claims no known purpose. Use it
// only to choose the purpose for Verify.
std::optional<Purpose> ClaimedPurpose(const std::string& token);

// UNAVAILABLE (TOKEN_KEYS_UNAVAILABLE): no keys are known yet, so no token can be verified.
absl::Status NoKeysError();

// Verifies tokens of TokenIssuer and refuses all others. It accepts exactly the form that the
// issuer writes, so no token has two readings, and it reads the claims only after it has verified
// the signature. It does not check the account: the caller must check that the user exists, is
// active and has that fingerprint. Thread-safe; the clock must outlive it.
class TokenVerifier {
 public:
  TokenVerifier(KeySetProvider keys, const Clock& clock, TokenRealm realm = {});

  // Verifies a token for the purpose `expected` and returns its claims. Errors: TokenError,
  // NoKeysError. `fault`, if given, receives the reason for the audit log (kNone without an error).
  // About 90 us.
  absl::StatusOr<Claims> Verify(const std::string& token, Purpose expected,
                                TokenFault* fault = nullptr) const;

  // As Verify, but with `keys`. Returns a verdict that can be cached.
  TokenVerdict Judge(const std::string& token, Purpose expected, const KeySet& keys) const;

 private:
  TokenVerdict JudgePayload(const std::string& part, Purpose expected) const;

  const KeySetProvider keys_;
  const Clock& clock_;
  const TokenRealm realm_;
};

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_TOKEN_VERIFIER_H_

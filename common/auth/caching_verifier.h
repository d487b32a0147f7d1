#ifndef VIBESTACK_COMMON_AUTH_CACHING_VERIFIER_H_
#define VIBESTACK_COMMON_AUTH_CACHING_VERIFIER_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/auth/key_set.h"
#include "common/auth/token.h"
#include "common/auth/token_verifier.h"
#include "common/auth/verified_token_cache.h"
#include "common/base/clock.h"

namespace vibestack::auth {

// A TokenVerifier with a cache of verdicts, for the tokens of calls. A token in the cache takes
// about 1 us: a hash and a lock. The removal of a key immediately invalidates the tokens that it
// signed. After a new key arrives, refused tokens are verified again. Thread-safe; the clock must
// outlive it.
class CachingVerifier {
 public:
  CachingVerifier(KeySetProvider keys, const Clock& clock, TokenRealm realm = {},
                  VerifiedTokenCache::Options options = {});

  // As TokenVerifier::Verify.
  absl::StatusOr<Claims> Verify(const std::string& token, Purpose expected,
                                TokenFault* fault = nullptr);

  // Verifies a token that identifies a caller: an access or a service token. A new token is
  // verified once, for the purpose that it claims.
  absl::StatusOr<Claims> VerifyCaller(const std::string& token, TokenFault* fault = nullptr);

  const VerifiedTokenCache& cache() const { return cache_; }

 private:
  TokenVerdict Judge(const std::string& token, Purpose expected, const KeySet& keys);
  TokenVerdict JudgeCaller(const std::string& token, const KeySet& keys);

  const KeySetProvider keys_;
  const Clock& clock_;
  const TokenVerifier verifier_;
  VerifiedTokenCache cache_;
};

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_CACHING_VERIFIER_H_

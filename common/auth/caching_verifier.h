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

// A TokenVerifier that remembers its verdicts: what every call goes through. A token seen before
// costs a hash and a lock, about 1 us. A key that is removed takes the tokens it verified with it
// at once, and one that is added gives the refused tokens a new chance at once. Thread-safe; the
// clock must outlive it.
class CachingVerifier {
 public:
  CachingVerifier(KeySetProvider keys, const Clock& clock, TokenRealm realm = {},
                  VerifiedTokenCache::Options options = {});

  // As TokenVerifier::Verify.
  absl::StatusOr<Claims> Verify(const std::string& token, Purpose expected,
                                TokenFault* fault = nullptr);

  // The claims of a token that says who calls: an access or a service token, whichever it is. A
  // new token is verified once, for what it claims to be.
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

#ifndef VIBESTACK_COMMON_AUTH_VERIFIED_TOKEN_CACHE_H_
#define VIBESTACK_COMMON_AUTH_VERIFIED_TOKEN_CACHE_H_

#include <openssl/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/auth/lru_map.h"
#include "common/auth/token.h"
#include "common/auth/token_verifier.h"

namespace vibestack::auth {

// Caches verdicts on tokens, so that a signature is verified once and not in every call. Stores the
// SHA-256 of a token, not the token. A verdict is valid only for the keys (KeySet::id) that it was
// made with; the verdict on a valid token only until the token expires. Valid and refused tokens
// have separate capacities, so that invalid tokens cannot evict valid ones. Bounded; thread-safe.
class VerifiedTokenCache {
 public:
  struct Options {
    size_t max_verified = 65536;
    size_t max_refused = 8192;
    absl::Duration refused_lifetime = absl::Seconds(10);
  };

  // The key of a verdict.
  struct Key {
    std::array<uint8_t, 32> token_hash;
    Purpose purpose;
    friend bool operator==(const Key& a, const Key& b) {
      return a.purpose == b.purpose && a.token_hash == b.token_hash;
    }
    template <typename H>
    friend H AbslHashValue(H state, const Key& key) {
      return H::combine(std::move(state), key.token_hash, key.purpose);
    }
  };

  explicit VerifiedTokenCache(Options options);

  Key MakeKey(const std::string& token, Purpose purpose) const;

  // The verdict on that token; kExpired when it has expired by `now`. Nothing when it is unknown or
  // was made with other keys.
  std::optional<TokenVerdict> Find(const Key& key, uint64_t key_set_id, absl::Time now);

  // Stores a verdict made at `now`. Does not store kNotYetValid, which becomes wrong as time
  // passes.
  void Put(const Key& key, uint64_t key_set_id, const TokenVerdict& verdict, absl::Time now);

  // Numbers of entries, for tests and metrics.
  size_t verified_count() const;
  size_t refused_count() const;

 private:
  struct Verified {
    uint64_t key_set_id;
    Claims claims;
  };
  struct Refused {
    uint64_t key_set_id;
    TokenFault fault;
    absl::Time until;
  };
  struct Shard {
    Shard(size_t max_verified, size_t max_refused) : verified(max_verified), refused(max_refused) {}
    mutable absl::Mutex mutex;
    LruMap<Key, Verified> verified ABSL_GUARDED_BY(mutex);
    LruMap<Key, Refused> refused ABSL_GUARDED_BY(mutex);
  };
  struct FreeDigest {
    void operator()(EVP_MD* digest) const;
  };

  Shard& ShardOf(const Key& key) { return *shards_[key.token_hash[0] % shards_.size()]; }

  const absl::Duration refused_lifetime_;
  const std::unique_ptr<EVP_MD, FreeDigest>
      sha256_;  // fetched once, since OpenSSL's lookup is slow
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_VERIFIED_TOKEN_CACHE_H_

#include "common/auth/verified_token_cache.h"

#include <openssl/evp.h>

#include <cstdlib>

namespace vibestack::auth {
namespace {

constexpr size_t kShards = 16;

size_t Share(size_t capacity) { return (capacity + kShards - 1) / kShards; }

}  // namespace

void VerifiedTokenCache::FreeDigest::operator()(EVP_MD* digest) const { EVP_MD_free(digest); }

VerifiedTokenCache::VerifiedTokenCache(Options options)
    : refused_lifetime_(options.refused_lifetime),
      sha256_(EVP_MD_fetch(nullptr, "SHA256", nullptr)) {
  for (size_t i = 0; i < kShards; ++i) {
    shards_.push_back(
        std::make_unique<Shard>(Share(options.max_verified), Share(options.max_refused)));
  }
}

VerifiedTokenCache::Key VerifiedTokenCache::MakeKey(const std::string& token,
                                                    Purpose purpose) const {
  Key key{{}, purpose};
  // Without SHA-256 all tokens would have the same key, so abort.
  if (EVP_Digest(token.data(), token.size(), key.token_hash.data(), nullptr, sha256_.get(),
                 nullptr) != 1) {
    std::abort();
  }
  return key;
}

std::optional<TokenVerdict> VerifiedTokenCache::Find(const Key& key, uint64_t key_set_id,
                                                     absl::Time now) {
  Shard& shard = ShardOf(key);
  absl::MutexLock lock(&shard.mutex);
  if (const Verified* good = shard.verified.Find(key)) {
    if (good->key_set_id == key_set_id) {
      if (now < good->claims.expires_at) return TokenVerdict{TokenFault::kNone, good->claims};
      shard.verified.Erase(key);
      return TokenVerdict{TokenFault::kExpired, {}};
    }
    shard.verified.Erase(key);
  }
  if (const Refused* bad = shard.refused.Find(key)) {
    if (bad->key_set_id == key_set_id && now < bad->until) return TokenVerdict{bad->fault, {}};
    shard.refused.Erase(key);
  }
  return std::nullopt;
}

void VerifiedTokenCache::Put(const Key& key, uint64_t key_set_id, const TokenVerdict& verdict,
                             absl::Time now) {
  if (verdict.fault == TokenFault::kNotYetValid) return;
  Shard& shard = ShardOf(key);
  absl::MutexLock lock(&shard.mutex);
  if (verdict.fault == TokenFault::kNone) {
    shard.verified.Put(key, {key_set_id, verdict.claims});
  } else {
    shard.refused.Put(key, {key_set_id, verdict.fault, now + refused_lifetime_});
  }
}

size_t VerifiedTokenCache::verified_count() const {
  size_t count = 0;
  for (const auto& shard : shards_) {
    absl::MutexLock lock(&shard->mutex);
    count += shard->verified.size();
  }
  return count;
}

size_t VerifiedTokenCache::refused_count() const {
  size_t count = 0;
  for (const auto& shard : shards_) {
    absl::MutexLock lock(&shard->mutex);
    count += shard->refused.size();
  }
  return count;
}

}  // namespace vibestack::auth

#include "common/auth/caching_verifier.h"

#include <memory>
#include <optional>
#include <utility>

namespace vibestack::auth {
namespace {

// Converts a verdict to the result of Verify.
absl::StatusOr<Claims> ToResult(const std::string& token, TokenVerdict verdict, TokenFault* fault) {
  if (fault != nullptr) *fault = verdict.fault;
  if (verdict.fault != TokenFault::kNone) return TokenError(token, verdict.fault);
  return std::move(verdict.claims);
}

}  // namespace

CachingVerifier::CachingVerifier(KeySetProvider keys, const Clock& clock, TokenRealm realm,
                                 VerifiedTokenCache::Options options)
    : keys_(std::move(keys)),
      clock_(clock),
      verifier_(keys_, clock, std::move(realm)),
      cache_(options) {}

absl::StatusOr<Claims> CachingVerifier::Verify(const std::string& token, Purpose expected,
                                               TokenFault* fault) {
  if (fault != nullptr) *fault = TokenFault::kNone;
  const std::shared_ptr<const KeySet> keys = keys_();
  if (keys == nullptr) return NoKeysError();
  return ToResult(token, Judge(token, expected, *keys), fault);
}

absl::StatusOr<Claims> CachingVerifier::VerifyCaller(const std::string& token, TokenFault* fault) {
  if (fault != nullptr) *fault = TokenFault::kNone;
  const std::shared_ptr<const KeySet> keys = keys_();
  if (keys == nullptr) return NoKeysError();
  return ToResult(token, JudgeCaller(token, *keys), fault);
}

TokenVerdict CachingVerifier::Judge(const std::string& token, Purpose expected,
                                    const KeySet& keys) {
  if (token.size() > kMaxTokenBytes) return {TokenFault::kTooLarge, {}};
  const VerifiedTokenCache::Key key = cache_.MakeKey(token, expected);
  const absl::Time now = clock_.Now();
  if (std::optional<TokenVerdict> known = cache_.Find(key, keys.id(), now)) {
    return *std::move(known);
  }
  TokenVerdict verdict = verifier_.Judge(token, expected, keys);
  cache_.Put(key, keys.id(), verdict, now);
  return verdict;
}

TokenVerdict CachingVerifier::JudgeCaller(const std::string& token, const KeySet& keys) {
  if (token.size() > kMaxTokenBytes) return {TokenFault::kTooLarge, {}};
  VerifiedTokenCache::Key key = cache_.MakeKey(token, Purpose::kAccess);
  const absl::Time now = clock_.Now();
  for (const Purpose purpose : {Purpose::kAccess, Purpose::kService}) {
    key.purpose = purpose;
    std::optional<TokenVerdict> known = cache_.Find(key, keys.id(), now);
    if (known.has_value() && known->fault != TokenFault::kWrongPurpose) return *std::move(known);
  }
  key.purpose = ClaimedPurpose(token) == Purpose::kService ? Purpose::kService : Purpose::kAccess;
  TokenVerdict verdict = verifier_.Judge(token, key.purpose, keys);
  cache_.Put(key, keys.id(), verdict, now);
  return verdict;
}

}  // namespace vibestack::auth

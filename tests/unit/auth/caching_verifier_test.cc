#include "common/auth/caching_verifier.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "common/auth/token_issuer.h"
#include "common/base/error.h"
#include "tests/unit/auth/test_keys.h"

namespace vibestack::auth {
namespace {

class CachingVerifierTest : public testing::Test {
 protected:
  std::string Issue(absl::Duration lifetime = absl::Minutes(15)) {
    return issuer_.Issue(Purpose::kAccess, kUser, lifetime, kFingerprint)->token.Reveal();
  }
  TokenFault FaultOf(const std::string& token, Purpose purpose = Purpose::kAccess) {
    TokenFault fault = TokenFault::kNone;
    const auto claims = verifier_.Verify(token, purpose, &fault);
    EXPECT_EQ(claims.ok(), fault == TokenFault::kNone);
    return fault;
  }
  size_t verified() const { return verifier_.cache().verified_count(); }
  size_t refused() const { return verifier_.cache().refused_count(); }

  const TestKeys keys_{{"k1", "k2"}};
  std::shared_ptr<const KeySet> set_ = keys_.Set({"k1"});
  FakeClock clock_{absl::FromUnixSeconds(1750000000)};
  const TokenIssuer issuer_{[this] { return set_; }, clock_};
  CachingVerifier verifier_{
      [this] { return set_; }, clock_, {}, {.max_verified = 160, .max_refused = 32}};
};

TEST_F(CachingVerifierTest, ATokenSeenAgainSaysTheSame) {
  const std::string token = Issue();
  const auto first = verifier_.Verify(token, Purpose::kAccess);
  const auto again = verifier_.Verify(token, Purpose::kAccess);
  ASSERT_TRUE(first.ok() && again.ok());
  EXPECT_EQ(verified(), 1u);
  EXPECT_EQ(again->subject, first->subject);
  EXPECT_EQ(again->fingerprint, first->fingerprint);
  EXPECT_EQ(again->token_id, first->token_id);
  EXPECT_EQ(again->expires_at, first->expires_at);
}

TEST_F(CachingVerifierTest, ATokenSeenForOnePurposeDoesNotPassForAnother) {
  const std::string token = Issue();
  EXPECT_EQ(FaultOf(token), TokenFault::kNone);
  EXPECT_EQ(FaultOf(token, Purpose::kRefresh), TokenFault::kWrongPurpose);
  EXPECT_EQ(FaultOf(token, Purpose::kRefresh), TokenFault::kWrongPurpose);
  EXPECT_EQ(FaultOf(token), TokenFault::kNone);
}

TEST_F(CachingVerifierTest, ACachedTokenExpiresAtItsVerySecond) {
  const std::string token = Issue(absl::Seconds(60));
  EXPECT_EQ(FaultOf(token), TokenFault::kNone);
  clock_.Advance(absl::Seconds(60) - absl::Microseconds(1));
  EXPECT_EQ(FaultOf(token), TokenFault::kNone);
  clock_.Advance(absl::Microseconds(1));
  EXPECT_EQ(FaultOf(token), TokenFault::kExpired);
  EXPECT_EQ(FaultOf(token), TokenFault::kExpired);
  EXPECT_EQ(verified(), 0u);
}

TEST_F(CachingVerifierTest, ARemovedKeyTakesItsCachedTokensWithIt) {
  const std::string token = Issue();
  EXPECT_EQ(FaultOf(token), TokenFault::kNone);
  set_ = keys_.Set({"k1", "k2"});
  EXPECT_EQ(FaultOf(token), TokenFault::kNone);
  set_ = keys_.Set({"k2"});
  EXPECT_EQ(FaultOf(token), TokenFault::kUnknownKey);
}

TEST_F(CachingVerifierTest, ANewKeyGivesARefusedTokenANewChanceAtOnce) {
  set_ = keys_.Set({"k2"});
  const std::string token = Issue();
  set_ = keys_.Set({"k1"});
  EXPECT_EQ(FaultOf(token), TokenFault::kUnknownKey);
  set_ = keys_.Set({"k1", "k2"});
  EXPECT_EQ(FaultOf(token), TokenFault::kNone);
}

TEST_F(CachingVerifierTest, RefusedTokensDoNotPushOutGoodOnes) {
  const std::string token = Issue();
  EXPECT_EQ(FaultOf(token), TokenFault::kNone);
  for (int i = 0; i < 2000; ++i) EXPECT_NE(FaultOf(std::to_string(i)), TokenFault::kNone);
  EXPECT_EQ(verified(), 1u);
  EXPECT_LE(refused(), 32u);
}

TEST_F(CachingVerifierTest, HoldsNoMoreThanItMay) {
  for (int i = 0; i < 500; ++i) EXPECT_EQ(FaultOf(Issue()), TokenFault::kNone);
  EXPECT_LE(verified(), 160u);
  EXPECT_GT(verified(), 100u);
}

TEST_F(CachingVerifierTest, AnOversizedTokenIsNotEvenHashed) {
  EXPECT_EQ(FaultOf(std::string(65536, 'a')), TokenFault::kTooLarge);
  EXPECT_EQ(refused(), 0u);
}

TEST_F(CachingVerifierTest, ATokenOfTheFutureIsLookedAtAgain) {
  FakeClock ahead(clock_.Now() + absl::Seconds(8));
  const TokenIssuer issuer([this] { return set_; }, ahead);
  const std::string token =
      issuer.Issue(Purpose::kAccess, kUser, absl::Minutes(1), kFingerprint)->token.Reveal();
  EXPECT_EQ(FaultOf(token), TokenFault::kNotYetValid);
  clock_.Advance(absl::Seconds(3));
  EXPECT_EQ(FaultOf(token), TokenFault::kNone);
}

TEST_F(CachingVerifierTest, WithoutKeysEvenACachedTokenIsNotJudged) {
  const std::string token = Issue();
  EXPECT_EQ(FaultOf(token), TokenFault::kNone);
  set_ = nullptr;
  EXPECT_EQ(verifier_.Verify(token, Purpose::kAccess).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(CachingVerifierTest, ManyThreadsGetTheirOwnTokensClaims) {
  std::vector<IssuedToken> tokens;
  tokens.reserve(32);
  for (int i = 0; i < 32; ++i) {
    tokens.push_back(*issuer_.Issue(Purpose::kAccess, kUser, absl::Minutes(1), kFingerprint));
  }
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        const IssuedToken& token = tokens[static_cast<size_t>(i * 7 + t) % tokens.size()];
        const auto claims = verifier_.Verify(token.token.Reveal(), Purpose::kAccess);
        if (!claims.ok() || claims->token_id != token.claims.token_id) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(VerifiedTokenCacheTest, ARefusalIsForgottenAfterItsTime) {
  VerifiedTokenCache cache({});
  const auto key = cache.MakeKey("token", Purpose::kAccess);
  const absl::Time now = absl::FromUnixSeconds(1750000000);
  cache.Put(key, 1, {TokenFault::kBadSignature, {}}, now);
  ASSERT_TRUE(cache.Find(key, 1, now + absl::Seconds(9)).has_value());
  EXPECT_EQ(cache.Find(key, 1, now + absl::Seconds(9))->fault, TokenFault::kBadSignature);
  EXPECT_FALSE(cache.Find(key, 1, now + absl::Seconds(10)).has_value());
}

TEST(VerifiedTokenCacheTest, AVerdictIsKeptForTheTokenAndThePurpose) {
  const VerifiedTokenCache cache({});
  const auto key = cache.MakeKey("token", Purpose::kAccess);
  EXPECT_TRUE(key == cache.MakeKey("token", Purpose::kAccess));
  EXPECT_FALSE(key == cache.MakeKey("token", Purpose::kRefresh));
  EXPECT_FALSE(key == cache.MakeKey("tokem", Purpose::kAccess));
}

TEST(LruMapTest, ForgetsWhatWasUsedLongestAgo) {
  LruMap<int, int> map(2);
  map.Put(1, 10);
  map.Put(2, 20);
  EXPECT_NE(map.Find(1), nullptr);
  map.Put(3, 30);
  EXPECT_EQ(map.Find(2), nullptr);
  ASSERT_NE(map.Find(1), nullptr);
  EXPECT_EQ(*map.Find(1), 10);
  map.Put(1, 11);
  EXPECT_EQ(*map.Find(1), 11);
  map.Erase(1);
  EXPECT_EQ(map.size(), 1u);
}

}  // namespace
}  // namespace vibestack::auth

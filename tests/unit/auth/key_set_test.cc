#include "common/auth/key_set.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "tests/unit/auth/test_keys.h"

namespace vibestack::auth {
namespace {

TEST(KeySetTest, TheGreatestPrivateKidSigns) {
  const TestKeys keys({"20250101T000000Z-a", "20250601T000000Z-a", "20241231T235959Z-z"});
  EXPECT_EQ(
      keys.Set({"20250101T000000Z-a", "20250601T000000Z-a", "20241231T235959Z-z"})->signing_kid(),
      "20250601T000000Z-a");
}

TEST(KeySetTest, ASetFromAJwksVerifiesWhatTheOtherSigned) {
  const TestKeys keys({"k1", "k2"});
  const auto ours = KeySet::FromJwks(keys.Set({"k1", "k2"})->Jwks());
  ASSERT_TRUE(ours.ok());
  EXPECT_TRUE((*ours)->Find("k1")->Verify("text", *keys.at("k1").Sign("text")));
  EXPECT_EQ((*ours)->signing_kid(), "");
  EXPECT_EQ((*ours)->Find("k3"), nullptr);
}

TEST(KeySetTest, TheIdStandsForTheKeysThatVerify) {
  const TestKeys keys({"k1", "k2"});
  const auto both = keys.Set({"k1", "k2"});
  EXPECT_EQ(both->id(), keys.Set({"k1", "k2"})->id());
  EXPECT_EQ(both->id(), (*KeySet::FromJwks(both->Jwks()))->id());
  EXPECT_NE(both->id(), keys.Set({"k1"})->id());
  EXPECT_NE(both->id(), TestKeys({"k1", "k2"}).Set({"k1", "k2"})->id());
}

TEST(KeySetTest, AnUnusableKeyIsNamedButNotQuoted) {
  const auto set = KeySet::FromPems({{"k1", Secret("hunter2")}});
  ASSERT_FALSE(set.ok());
  EXPECT_TRUE(absl::StrContains(std::string(set.status().message()), "'k1'"));
  EXPECT_FALSE(absl::StrContains(std::string(set.status().message()), "hunter2"));
}

TEST(KeySetTest, AJwksWithARepeatedKidOrOddCoordinatesIsRefused) {
  const TestKeys keys({"k1"});
  const Jwk good = keys.Set({"k1"})->Jwks()[0];
  EXPECT_TRUE(KeySet::FromJwks({good}).ok());
  EXPECT_FALSE(KeySet::FromJwks({good, good}).ok());
  EXPECT_FALSE(KeySet::FromJwks({{"k1", good.x + "=", good.y}}).ok());
  EXPECT_FALSE(KeySet::FromJwks({{"k1", good.y, good.x}}).ok());
  EXPECT_FALSE(KeySet::FromJwks({{"k/1", good.x, good.y}}).ok());
}

TEST(KeySetTest, AnEmptySetIsRefused) {
  EXPECT_FALSE(KeySet::FromPems({}).ok());
  EXPECT_FALSE(KeySet::FromJwks({}).ok());
}

TEST(KeySetTest, KidsArePlainShortNames) {
  EXPECT_TRUE(IsKeyId("20250131T235959Z-0f3a9c11"));
  EXPECT_TRUE(IsKeyId(std::string(64, 'a')));
  for (const std::string& kid :
       {std::string(), std::string(65, 'a'), std::string(".hidden"), std::string("a\"b"),
        std::string("a b"), std::string("a/b"), std::string("a\0b", 3), std::string("\xc3\xa9")}) {
    EXPECT_FALSE(IsKeyId(kid)) << kid;
  }
}

}  // namespace
}  // namespace vibestack::auth

#include "common/auth/bcrypt.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <string>

#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "common/base/error.h"

namespace vibestack::auth {
namespace {

// Test vectors of crypt_blowfish.
constexpr char kPassword[] = "U*U";
constexpr char kKnownHash[] = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

bool Matches(const std::string& password, const std::string& hash) {
  const auto verified = VerifyPassword(Secret(password), hash);
  return verified.ok() && *verified;
}

TEST(BcryptTest, APasswordMatchesItsOwnHashOnly) {
  const auto hash = HashPassword(Secret("correct horse"), 4);
  ASSERT_TRUE(hash.ok()) << hash.status();
  EXPECT_TRUE(absl::StartsWith(*hash, "$2b$04$"));
  EXPECT_TRUE(Matches("correct horse", *hash));
  EXPECT_FALSE(Matches("correct horsf", *hash));
  EXPECT_FALSE(Matches("correct hors", *hash));
}

TEST(BcryptTest, TwoHashesOfOnePasswordHaveDifferentSalts) {
  const std::string a = *HashPassword(Secret("correct horse"), 4);
  const std::string b = *HashPassword(Secret("correct horse"), 4);
  EXPECT_NE(ParseBcryptHash(a)->salt, ParseBcryptHash(b)->salt);
}

TEST(BcryptTest, AllThreePrefixesAreVerified) {
  const std::string rest = std::string(kKnownHash).substr(3);
  EXPECT_TRUE(Matches(kPassword, "$2a" + rest));
  EXPECT_TRUE(Matches(kPassword, "$2b" + rest));
  EXPECT_TRUE(Matches(kPassword, "$2y" + rest));
  EXPECT_FALSE(Matches("U*V", "$2b" + rest));
}

TEST(BcryptTest, SeventyTwoBytesCountAndTheSeventyThirdIsRefused) {
  const std::string password(72, 'x');
  const std::string hash = *HashPassword(Secret(password), 4);
  EXPECT_TRUE(Matches(password, hash));
  EXPECT_FALSE(Matches(std::string(71, 'x') + "y", hash));
  EXPECT_EQ(HashPassword(Secret(password + "x"), 4).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(VerifyPassword(Secret(password + "x"), hash).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(BcryptTest, ANulOrEmptyPasswordIsRefused) {
  const std::string hash = *HashPassword(Secret("secret"), 4);
  EXPECT_FALSE(HashPassword(Secret(std::string("secret\0x", 8)), 4).ok());
  EXPECT_FALSE(VerifyPassword(Secret(std::string("secret\0x", 8)), hash).ok());
  EXPECT_FALSE(HashPassword(Secret(""), 4).ok());
  EXPECT_FALSE(VerifyPassword(Secret(""), hash).ok());
}

TEST(BcryptTest, EveryByteOfAUtf8PasswordCounts) {
  const std::string hash = *HashPassword(Secret("p\xc3\xa4ssw\xc3\xb6rd"), 4);
  EXPECT_TRUE(Matches("p\xc3\xa4ssw\xc3\xb6rd", hash));
  EXPECT_FALSE(Matches("p\xc3\xa4ssw\xc3\xb7rd", hash));
}

TEST(BcryptTest, AnAbsurdCostIsRefusedInsteadOfComputed) {
  const std::string rest = std::string(kKnownHash).substr(6);
  for (const char* cost : {"00", "03", "17", "31", "99"}) {
    const auto verified = VerifyPassword(Secret(kPassword), std::string("$2b$") + cost + rest);
    EXPECT_EQ(ErrorReason(verified.status()), "PASSWORD_HASH_UNUSABLE") << cost;
  }
  EXPECT_FALSE(HashPassword(Secret("secret"), 3).ok());
  EXPECT_FALSE(HashPassword(Secret("secret"), 17).ok());
}

TEST(BcryptTest, MalformedHashesFailClosed) {
  const std::string good(kKnownHash);
  for (const std::string& hash :
       {std::string(), std::string("*0"), std::string("!"), std::string("secret"), good + "x",
        good.substr(1), good.substr(0, 59), "$2x" + good.substr(3), "$2$" + good.substr(3),
        std::string("$1$abc$") + std::string(53, 'a'), "$2b$0x$" + good.substr(7),
        good.substr(0, 59) + ":", good.substr(0, 30) + '\0' + good.substr(31),
        std::string("$2\0$05$", 7) + good.substr(7)}) {
    EXPECT_FALSE(VerifyPassword(Secret(kPassword), hash).ok()) << hash;
    EXPECT_FALSE(ParseBcryptHash(hash).has_value()) << hash;
  }
}

TEST(BcryptTest, AnotherCostKeepsTheSaltAndThePassword) {
  for (const char* prefix : {"$2a", "$2b", "$2y"}) {
    const std::string hash = prefix + std::string(kKnownHash).substr(3);
    const auto rehashed = RehashPassword(Secret(kPassword), hash, 6);
    ASSERT_TRUE(rehashed.ok()) << rehashed.status();
    EXPECT_TRUE(absl::StartsWith(*rehashed, "$2b$06$"));
    EXPECT_EQ(ParseBcryptHash(*rehashed)->salt, ParseBcryptHash(hash)->salt);
    EXPECT_TRUE(Matches(kPassword, *rehashed));
  }
  EXPECT_FALSE(RehashPassword(Secret(kPassword), "secret", 6).ok());
  EXPECT_FALSE(RehashPassword(Secret(kPassword), kKnownHash, 17).ok());
}

TEST(BcryptTest, ASaltWithStrayBitsIsNotRehashed) {
  // Salts that differ only in the last character, from `.` to `E`, are equal for bcrypt but not as
  // texts.
  std::string hash = kKnownHash;
  hash[28] = 'D';
  EXPECT_EQ(ErrorReason(RehashPassword(Secret(kPassword), hash, 6).status()),
            "PASSWORD_HASH_UNUSABLE");
}

TEST(BcryptTest, ARefusalTakesAsLongAsAtTheOtherCost) {
  const auto took = [](const std::string& hash, int cost) {
    absl::Duration best = absl::InfiniteDuration();
    for (int i = 0; i < 7; ++i) {
      timespec from{};
      timespec to{};
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
      EXPECT_FALSE(*VerifyPasswordPadded(Secret("wrong"), hash, cost));
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
      best = std::min(best, absl::DurationFromTimespec(to) - absl::DurationFromTimespec(from));
    }
    return best;
  };
  const absl::Duration live = took(DummyHash(8), 8);
  for (const int cost : {4, 6, 7}) {
    EXPECT_NEAR(absl::FDivDuration(took(DummyHash(cost), 8), live), 1, 0.1) << cost;
  }
  EXPECT_TRUE(*VerifyPasswordPadded(Secret(kPassword), kKnownHash, 8));
}

TEST(BcryptTest, ADummyHashIsWellFormedAtItsCostAndMatchesNothing) {
  const std::string hash = DummyHash(5);
  ASSERT_TRUE(ParseBcryptHash(hash).has_value());
  EXPECT_EQ(ParseBcryptHash(hash)->cost, 5);
  const auto verified = VerifyPassword(Secret("secret"), hash);
  ASSERT_TRUE(verified.ok());
  EXPECT_FALSE(*verified);
}

}  // namespace
}  // namespace vibestack::auth

#include "common/auth/fingerprint.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/unit/auth/test_keys.h"

namespace vibestack::auth {
namespace {

const std::string kSalt = "abcdefghijklmnopqrstuu";
const std::string kDigest(31, 'x');
const Secret kKey(std::string(32, 'k'));

std::string Of(const std::string& hash, const std::string& user = kUser) {
  return *Fingerprint(kKey, user, hash);
}

TEST(FingerprintTest, IsA128BitNumberInBase64Url) {
  EXPECT_TRUE(IsFingerprint(Of("$2b$12$" + kSalt + kDigest)));
  EXPECT_EQ(Of("$2b$12$" + kSalt + kDigest).size(), 22u);
}

TEST(FingerprintTest, ARaisedCostWithTheSameSaltKeepsIt) {
  EXPECT_EQ(Of("$2b$10$" + kSalt + kDigest), Of("$2b$12$" + kSalt + std::string(31, 'y')));
}

TEST(FingerprintTest, ThePrefixDoesNotMatter) {
  EXPECT_EQ(Of("$2a$12$" + kSalt + kDigest), Of("$2b$12$" + kSalt + kDigest));
  EXPECT_EQ(Of("$2y$12$" + kSalt + kDigest), Of("$2b$12$" + kSalt + kDigest));
}

TEST(FingerprintTest, AnotherSaltUserOrSecretChangesIt) {
  const std::string hash = "$2b$12$" + kSalt + kDigest;
  EXPECT_NE(Of(hash), Of("$2b$12$bbcdefghijklmnopqrstuu" + kDigest));
  EXPECT_NE(Of(hash), Of(hash, "1b9f3d0e-4f0e-4b62-9c3b-2d1f5a6b7c8d"));
  EXPECT_NE(Of(hash), *Fingerprint(Secret(std::string(32, 'l')), kUser, hash));
}

TEST(FingerprintTest, TheOneForResetsDiesWithTheEmailToo) {
  const std::string hash = "$2b$12$" + kSalt + kDigest;
  const std::string reset = *ResetFingerprint(kKey, kUser, hash, "ann@example.com");
  EXPECT_TRUE(IsFingerprint(reset));
  EXPECT_EQ(reset, *ResetFingerprint(kKey, kUser, "$2a$04$" + kSalt + kDigest, "ann@example.com"));
  EXPECT_NE(reset, *ResetFingerprint(kKey, kUser, hash, "ann@example.org"));
  EXPECT_NE(reset, *ResetFingerprint(kKey, kUser, "$2b$12$bbcdefghijklmnopqrstuu" + kDigest,
                                     "ann@example.com"));
  for (const char* email : {"ann@example.com", ""}) {
    EXPECT_NE(Of(hash), *ResetFingerprint(kKey, kUser, hash, email)) << email;
  }
}

TEST(FingerprintTest, TheCaseOfTheUserIdDoesNotMatter) {
  const std::string hash = "$2b$12$" + kSalt + kDigest;
  EXPECT_EQ(Of(hash), Of(hash, "0B9F3D0E-4F0E-4B62-9C3B-2D1F5A6B7C8D"));
}

TEST(FingerprintTest, AMalformedHashOrMissingSecretHasNone) {
  for (const std::string& hash : {std::string(), std::string("!"), "$2b$12$" + kSalt,
                                  absl::StrCat("$2x$12$", kSalt, kDigest)}) {
    EXPECT_FALSE(Fingerprint(kKey, kUser, hash).ok()) << hash;
  }
  EXPECT_FALSE(Fingerprint(kKey, "me", "$2b$12$" + kSalt + kDigest).ok());
  EXPECT_FALSE(Fingerprint(Secret(), kUser, "$2b$12$" + kSalt + kDigest).ok());
}

TEST(FingerprintTest, NoFingerprintMatchesNothingNotEvenItself) {
  EXPECT_TRUE(SameFingerprint(kFingerprint, kFingerprint));
  EXPECT_FALSE(SameFingerprint("", ""));
  EXPECT_FALSE(SameFingerprint(kFingerprint, ""));
  EXPECT_FALSE(SameFingerprint(kFingerprint, "AAAAAAAAAAAAAAAAAAAAAQ"));
}

}  // namespace
}  // namespace vibestack::auth

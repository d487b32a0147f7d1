#include "common/auth/key_ring.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "common/auth/key_files.h"
#include "common/base/clock.h"
#include "tests/unit/auth/test_keys.h"

namespace vibestack::auth {
namespace {

TEST(KeyRingTest, TheNewestGeneratedKeySignsAndTheOlderOneStillVerifies) {
  const TestDirectory directory;
  FakeClock clock(absl::FromUnixSeconds(1738367999));
  const std::string old_kid = *GenerateKeyFile(directory.path(), clock);
  EXPECT_TRUE(absl::StartsWith(old_kid, "20250131T235959Z-"));
  const auto ring = KeyRing::Open(directory.path());
  ASSERT_TRUE(ring.ok()) << ring.status();
  EXPECT_EQ((*ring)->Snapshot()->signing_kid(), old_kid);

  clock.Advance(absl::Seconds(1));
  const std::string new_kid = *GenerateKeyFile(directory.path(), clock);
  ASSERT_TRUE((*ring)->Reload().ok());
  EXPECT_EQ((*ring)->Snapshot()->signing_kid(), new_kid);
  EXPECT_NE((*ring)->Snapshot()->Find(old_kid), nullptr);

  directory.Remove(old_kid + ".pem");
  ASSERT_TRUE((*ring)->Reload().ok());
  EXPECT_EQ((*ring)->Snapshot()->Find(old_kid), nullptr);
}

TEST(KeyRingTest, ABadFileIsNamedAndTheLastGoodSetStays) {
  const TestDirectory directory;
  const std::string kid = *GenerateKeyFile(directory.path());
  const auto ring = KeyRing::Open(directory.path());
  ASSERT_TRUE(ring.ok());
  const auto before = (*ring)->Snapshot();
  directory.Write("broken.pem",
                  "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n");
  const absl::Status status = (*ring)->Reload();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(std::string(status.message()), "'broken'"));
  EXPECT_FALSE(absl::StrContains(std::string(status.message()), "hunter2"));
  EXPECT_EQ((*ring)->Snapshot(), before);
  directory.Remove("broken.pem");
  directory.Remove(kid + ".pem");
  EXPECT_FALSE((*ring)->Reload().ok());
  EXPECT_EQ((*ring)->Snapshot(), before);
}

TEST(KeyRingTest, OtherAndHiddenFilesAreNotKeys) {
  const TestDirectory directory;
  const std::string kid = *GenerateKeyFile(directory.path());
  directory.Write("notes.txt", "x");
  directory.Write(".new-1.pem", "x");
  ASSERT_TRUE(GenerateFingerprintSecret(directory.path()).ok());
  const auto ring = KeyRing::Open(directory.path());
  ASSERT_TRUE(ring.ok()) << ring.status();
  EXPECT_EQ((*ring)->Snapshot()->Jwks().size(), 1u);
}

TEST(KeyRingTest, AMissingDirectoryIsAnErrorWithoutItsPath) {
  const auto ring = KeyRing::Open("/nowhere/at/all");
  EXPECT_EQ(ring.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(absl::StrContains(std::string(ring.status().message()), "/nowhere"));
  EXPECT_FALSE(GenerateKeyFile("/nowhere/at/all").ok());
}

TEST(KeyFilesTest, SecretFilesAreForTheOwnerAloneAndNoOtherFileIsLeft) {
  const TestDirectory directory;
  const std::string kid = *GenerateKeyFile(directory.path());
  ASSERT_TRUE(GenerateFingerprintSecret(directory.path()).ok());
  EXPECT_EQ(directory.Mode(kid + ".pem"), mode_t{0600});
  EXPECT_EQ(directory.Mode("fingerprint.secret"), mode_t{0600});
  EXPECT_EQ(directory.Count(), 2u);
}

TEST(KeyFilesTest, TheFingerprintSecretIsNeverReplaced) {
  const TestDirectory directory;
  ASSERT_TRUE(GenerateFingerprintSecret(directory.path()).ok());
  const auto secret = LoadFingerprintSecret(directory.path());
  ASSERT_TRUE(secret.ok());
  EXPECT_EQ(secret->Reveal().size(), 32u);
  EXPECT_EQ(GenerateFingerprintSecret(directory.path()).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(*LoadFingerprintSecret(directory.path()) == *secret);
  EXPECT_EQ(directory.Count(), 1u);
}

TEST(KeyFilesTest, AMissingOrShortFingerprintSecretIsRefused) {
  const TestDirectory directory;
  EXPECT_EQ(LoadFingerprintSecret(directory.path()).status().code(), absl::StatusCode::kNotFound);
  for (const char* content : {"", "c2hvcnQ", "not base64url!"}) {
    directory.Write("fingerprint.secret", content);
    EXPECT_EQ(LoadFingerprintSecret(directory.path()).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace vibestack::auth

#include "common/config/secret_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace vibestack {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Written(const std::string& text) {
  std::string path = ::testing::TempDir() + "/secret_file_test";
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  return path;
}

TEST(SecretFileTest, WhiteSpaceAroundTheSecretDoesNotCount) {
  const auto secret = ReadSecretFile("token_file", Written(" four \n"), 4);
  ASSERT_TRUE(secret.ok()) << secret.status();
  EXPECT_EQ(secret->Reveal(), "four");
}

TEST(SecretFileTest, AShortSecretAndAMissingFileNameTheFlagOnly) {
  for (const std::string& path : {Written("four\n"), std::string("/nowhere/secret")}) {
    const absl::Status status = ReadSecretFile("token_file", path, 5).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status));
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("--token_file"), HasSubstr("5 characters"), Not(HasSubstr("four")),
                      Not(HasSubstr("nowhere"))));
  }
}

}  // namespace
}  // namespace vibestack

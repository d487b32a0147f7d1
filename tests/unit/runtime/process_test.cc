#include "common/runtime/process.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace vibestack::runtime {
namespace {

TEST(ProcessTest, ThePortFileNamesEveryOpenPort) {
  const std::string path = ::testing::TempDir() + "/process_test_ports";
  ASSERT_TRUE(WritePortFile(path, {{"grpc", 1}, {"health", 0}, {"metrics", 3}}).ok());
  std::ifstream file(path);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_EQ(text, "grpc=1\nmetrics=3\n");
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
}

TEST(ProcessTest, APortFileThatCannotBeWrittenIsUnavailable) {
  EXPECT_TRUE(WritePortFile("", {{"grpc", 1}}).ok());
  EXPECT_TRUE(absl::IsUnavailable(WritePortFile("/nowhere/ports", {{"grpc", 1}})));
}

TEST(ProcessTest, TheDatabaseHasMostOfTheGraceTimeButNotAll) {
  EXPECT_EQ(DatabaseGrace(absl::Seconds(20)), absl::Seconds(13));
  EXPECT_EQ(DatabaseGrace(absl::Seconds(10)), absl::Seconds(5));
  EXPECT_EQ(DatabaseGrace(absl::ZeroDuration()), absl::Seconds(1));
}

}  // namespace
}  // namespace vibestack::runtime

#include "common/config/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <initializer_list>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/reflection.h"
#include "absl/time/time.h"
#include "common/config/flag.h"
#include "common/config/help.h"

VIBESTACK_REQUIRED_FLAG(kDatabase, std::string, database_url, "Where the database is.");
VIBESTACK_FLAG(kPasswords, int32_t, test_cost, 12, "A number.");
VIBESTACK_FLAG(kJobs, absl::Duration, test_lease, absl::Seconds(60), "A duration.");
VIBESTACK_FLAG(
    kJobs, std::string, test_file, "",
    "A description that is so long that it does not fit on one line of the help text and "
    "goes on in the next line.");
ABSL_FLAG(bool, test_switch, true, "A flag without a topic.");

namespace vibestack {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class FlagsTest : public ::testing::Test {
 protected:
  ~FlagsTest() override {
    for (const std::string& name : set_) unsetenv(name.c_str());
  }

  void SetVariable(const std::string& name, const std::string& value) {
    setenv(name.c_str(), value.c_str(), 1);
    set_.push_back(name);
  }

  static absl::StatusOr<std::vector<std::string>> Parse(std::vector<std::string> arguments,
                                                        const FlagDefaults& defaults = {}) {
    arguments.insert(arguments.begin(), "/usr/bin/some_service");
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    return ParseFlags(static_cast<int>(arguments.size()), argv.data(), "Serves something.",
                      defaults);
  }

  static std::string Refusal(const std::vector<std::string>& arguments) {
    const auto parsed = Parse(arguments);
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(parsed.status().message());
  }

 private:
  absl::FlagSaver saver_;
  std::vector<std::string> set_;
};

using FlagsDeathTest = FlagsTest;

TEST_F(FlagsTest, PositionalArgumentsComeBackInOrder) {
  const auto parsed = Parse({"create-superuser", "--test_cost=4", "x", "--", "--test_cost=5"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_THAT(*parsed, ElementsAre("create-superuser", "x", "--test_cost=5"));
  EXPECT_EQ(absl::GetFlag(FLAGS_test_cost), 4);
}

TEST_F(FlagsTest, AVariableSetsItsFlag) {
  SetVariable("VIBESTACK_TEST_COST", "5");
  SetVariable("VIBESTACK_TEST_LEASE", "1m30s");
  SetVariable("VIBESTACK_TEST_SWITCH", "false");
  ASSERT_TRUE(Parse({}).ok());
  EXPECT_EQ(absl::GetFlag(FLAGS_test_cost), 5);
  EXPECT_EQ(absl::GetFlag(FLAGS_test_lease), absl::Seconds(90));
  EXPECT_FALSE(absl::GetFlag(FLAGS_test_switch));
}

TEST_F(FlagsTest, TheCommandLineWinsOverAVariable) {
  SetVariable("VIBESTACK_TEST_COST", "5");
  SetVariable("VIBESTACK_TEST_LEASE", "nonsense that nobody reads");
  SetVariable("VIBESTACK_TEST_SWITCH", "true");
  ASSERT_TRUE(Parse({"--test_cost", "6", "-test_lease=1s", "--notest_switch"}).ok());
  EXPECT_EQ(absl::GetFlag(FLAGS_test_cost), 6);
  EXPECT_EQ(absl::GetFlag(FLAGS_test_lease), absl::Seconds(1));
  EXPECT_FALSE(absl::GetFlag(FLAGS_test_switch));
}

TEST_F(FlagsTest, AnEmptyVariableCountsAsUnset) {
  SetVariable("VIBESTACK_TEST_COST", "");
  SetVariable("VIBESTACK_DATABASE_URL", "");
  SetVariable("DATABASE_URL", "plain");
  ASSERT_TRUE(Parse({}).ok());
  EXPECT_EQ(absl::GetFlag(FLAGS_test_cost), 12);
  EXPECT_EQ(absl::GetFlag(FLAGS_database_url), "plain");
}

TEST_F(FlagsTest, ThePrefixedDatabaseUrlWinsOverThePlainOne) {
  SetVariable("DATABASE_URL", "plain");
  SetVariable("VIBESTACK_DATABASE_URL", "prefixed");
  ASSERT_TRUE(Parse({}).ok());
  EXPECT_EQ(absl::GetFlag(FLAGS_database_url), "prefixed");
}

TEST_F(FlagsTest, AbseilsOwnFlagsHaveNoVariable) {
  SetVariable("VIBESTACK_FLAGFILE", "/nowhere");
  EXPECT_TRUE(Parse({}).ok());
}

TEST_F(FlagsTest, ABadVariableIsNamedWithWhatWasExpectedAndNotQuoted) {
  SetVariable("VIBESTACK_TEST_LEASE", "s3cret");
  EXPECT_THAT(Refusal({}), AllOf(HasSubstr("VIBESTACK_TEST_LEASE must be a duration"),
                                 Not(HasSubstr("s3cret"))));
}

TEST_F(FlagsTest, ABadValueOnTheCommandLineIsNamedWithWhatWasExpected) {
  EXPECT_EQ(Refusal({"--test_cost=abc"}), "--test_cost must be a whole number");
  EXPECT_EQ(Refusal({"--test_cost", "abc"}), "--test_cost must be a whole number");
  EXPECT_EQ(Refusal({"--test_switch=maybe"}), "--test_switch must be true or false");
}

TEST_F(FlagsTest, AFlagWithoutItsValueIsNamed) {
  EXPECT_EQ(Refusal({"--test_cost"}), "--test_cost needs a value: a whole number");
}

TEST_F(FlagsTest, AnUnknownFlagIsNamedWithoutItsValue) {
  EXPECT_EQ(Refusal({"--databaseurl=s3cret"}),
            "unknown flag --databaseurl; --help lists the flags");
}

TEST_F(FlagsDeathTest, VersionPrintsTheProgramAndItsVersion) {
  // Death tests read only stderr, but --version writes to stdout.
  EXPECT_EXIT(
      {
        dup2(2, 1);
        static_cast<void>(Parse({"--version"}));
      },
      ::testing::ExitedWithCode(0), "^some_service [0-9]+\\.[0-9]+\\.[0-9]+\n$");
}

TEST_F(FlagsDeathTest, HelpListsOurFlagsAndNoCredential) {
  SetVariable("DATABASE_URL", "s3cret");
  EXPECT_EXIT(
      {
        dup2(2, 1);
        static_cast<void>(Parse({"--help"}));
      },
      ::testing::ExitedWithCode(0),
      AllOf(HasSubstr("Serves something."), HasSubstr("test_lease"), Not(HasSubstr("s3cret")),
            Not(HasSubstr("flagfile"))));
}

TEST_F(FlagsTest, HelpGroupsFlagsByTopicWithDefaultAndVariable) {
  const std::string help = HelpText("Serves something.\n");
  EXPECT_THAT(help, HasSubstr(R"(
Database:
  --database_url (required; environment VIBESTACK_DATABASE_URL or DATABASE_URL)
      Where the database is.

Passwords:
  --test_cost (default 12; environment VIBESTACK_TEST_COST)
      A number.

Jobs:
  --test_file (no default; environment VIBESTACK_TEST_FILE)
      A description that is so long that it does not fit on one line of the help text and goes on in
      the next line.
  --test_lease (default 1m; environment VIBESTACK_TEST_LEASE)
      A duration.

Other:
  --test_switch (default true; environment VIBESTACK_TEST_SWITCH)
      A flag without a topic.
)"));
}

TEST_F(FlagsTest, AProgramHasDefaultsOfItsOwn) {
  const FlagDefaults defaults = {{"test_cost", "7"}};
  ASSERT_TRUE(Parse({}, defaults).ok());
  EXPECT_EQ(absl::GetFlag(FLAGS_test_cost), 7);
  EXPECT_THAT(HelpText(""), HasSubstr("--test_cost (default 7;"));
  SetVariable("VIBESTACK_TEST_COST", "5");
  ASSERT_TRUE(Parse({}, defaults).ok());
  EXPECT_EQ(absl::GetFlag(FLAGS_test_cost), 5);
}

TEST_F(FlagsTest, ADefaultOfAnUnknownFlagIsAMistake) {
  EXPECT_TRUE(absl::IsInternal(Parse({}, {{"no_such_flag", "7"}}).status()));
}

}  // namespace
}  // namespace vibestack

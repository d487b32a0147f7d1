#include "common/telemetry/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>
#include <thread>
#include <type_traits>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/secret.h"
#include "rapidjson/document.h"

namespace vibestack {
namespace {

using std::string_literals::operator""s;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

static_assert(!std::is_constructible_v<LogValue, Secret>);
static_assert(!std::is_constructible_v<LogValue, const Secret&>);
static_assert(!std::is_constructible_v<LogValue, void*>, "a pointer is not a bool");

class LogTest : public ::testing::Test {
 protected:
  LogTest() {
    InitLog("log_test");
    EXPECT_TRUE(SetLogLevel("debug").ok());
  }
  ~LogTest() override { EXPECT_TRUE(SetLogLevel("info").ok()); }

  static std::string Written(std::initializer_list<LogField> fields) {
    testing::internal::CaptureStderr();
    Log(LogLevel::kInfo, "happened", fields);
    return testing::internal::GetCapturedStderr();
  }

  // Parses a log line.
  static rapidjson::Document Parsed(const std::string& line) {
    rapidjson::Document document;
    document.Parse<rapidjson::kParseValidateEncodingFlag>(line.c_str());
    EXPECT_FALSE(document.HasParseError()) << line;
    EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
    return document;
  }
};

TEST_F(LogTest, ALineSaysWhenHowBadWhoAndWhat) {
  const std::string line = Written({});
  EXPECT_THAT(line, MatchesRegex("\\{\"time\":\"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:"
                                 "[0-9]{2}\\.[0-9]{6}Z\",\"level\":\"info\","
                                 "\"service\":\"log_test\",\"event\":\"happened\"\\}\n"));
  absl::Time time;
  std::string error;
  ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, Parsed(line)["time"].GetString(), &time, &error))
      << error;
  EXPECT_LT(absl::AbsDuration(absl::Now() - time), absl::Seconds(60));
}

TEST_F(LogTest, ValuesKeepTheirTypes) {
  const std::string text = "a string";
  const std::string line = Written({{"literal", "x"},
                                    {"string", text},
                                    {"absl", absl::string_view("view")},
                                    {"int", -1},
                                    {"size", size_t{1} << 63},
                                    {"double", 0.5},
                                    {"yes", true},
                                    {"nan", std::nan("")}});
  EXPECT_THAT(line, HasSubstr("\"literal\":\"x\",\"string\":\"a string\",\"absl\":\"view\","
                              "\"int\":-1,\"size\":9223372036854775808,\"double\":0.5,"
                              "\"yes\":true,\"nan\":null}"));
}

TEST_F(LogTest, ControlCharactersAndQuotesAreEscaped) {
  const std::string text = "a\"b\\c\n\r\t\x01\0{}%v\xc3\xa9"s;
  const rapidjson::Document line = Parsed(Written({{"text", text}}));
  ASSERT_TRUE(line.HasMember("text"));
  EXPECT_EQ(line.FindMember("text")->value,
            rapidjson::Value(text.c_str(), static_cast<rapidjson::SizeType>(text.size())));
}

TEST_F(LogTest, InvalidUtf8IsReplaced) {
  // Stray continuation, overlong slash, surrogate, beyond U+10FFFF, truncated at the end.
  EXPECT_EQ(ReplaceInvalidUtf8("a\x80z"), "a\uFFFDz");
  EXPECT_EQ(ReplaceInvalidUtf8("\xc0\xaf"), "\uFFFD\uFFFD");
  EXPECT_EQ(ReplaceInvalidUtf8("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(ReplaceInvalidUtf8("\xf4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(ReplaceInvalidUtf8("ok\xe2\x82"), "ok\uFFFD\uFFFD");
  EXPECT_EQ(ReplaceInvalidUtf8("\xf0\x9f\x98\x80 \xe2\x82\xac"), "\xf0\x9f\x98\x80 \xe2\x82\xac");
  EXPECT_STREQ(Parsed(Written({{"k\xff", "v\xff"}}))["k\uFFFD"].GetString(), "v\uFFFD");
}

TEST_F(LogTest, ALevelHidesWhatIsBelowIt) {
  ASSERT_TRUE(SetLogLevel("warning").ok());
  EXPECT_FALSE(LogEnabled(LogLevel::kDebug));
  EXPECT_FALSE(LogEnabled(LogLevel::kInfo));
  EXPECT_TRUE(LogEnabled(LogLevel::kWarning));
  EXPECT_TRUE(LogEnabled(LogLevel::kError));
  EXPECT_EQ(Written({{"hidden", true}}), "");
}

TEST_F(LogTest, AnUnknownLevelIsRefusedAndNothingChanges) {
  EXPECT_EQ(SetLogLevel("loud").message(),
            "--log_level must be debug, info, warning or error, not \"loud\"");
  EXPECT_TRUE(LogEnabled(LogLevel::kDebug));
}

TEST_F(LogTest, LinesOfManyThreadsAreNeverTorn) {
  testing::internal::CaptureStderr();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 200; ++i) Log(LogLevel::kInfo, "many", {{"thread", t}, {"line", i}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::istringstream lines(testing::internal::GetCapturedStderr());
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) Parsed(line + "\n");
  EXPECT_EQ(count, 800);
}

}  // namespace
}  // namespace vibestack

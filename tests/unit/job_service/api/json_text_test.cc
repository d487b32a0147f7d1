#include "job_service/api/json_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vibestack::job_service {
namespace {

using testing::HasSubstr;

std::string Nested(int depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(JsonTextTest, JsonIsTaken) {
  for (const char* text : {"null", "true", " {} ", "[]", "\"\"", "0", "-1.5e-7", "9007199254740993",
                           "[1,[2,{}]]", R"({"a":1,"a":2})", R"("\ud83d\ude00 \u00e4 ä")",
                           R"("\\u0000")", R"({"":""})", R"({"a\\":"\"1e999999 01"})", "1e400"}) {
    EXPECT_EQ(JsonFault(text), "") << text;
  }
}

TEST(JsonTextTest, WhatIsNoJsonIsRefused) {
  for (const char* text :
       {"", " ", "nul", "{", "[1,]", "{\"a\":}", "'a'", "NaN", "Infinity", "01", "1.", ".5", "+1",
        "1 2", "{} {}", "\"\t\"", "\"\\x\"", "[1}", "// a\n1"}) {
    EXPECT_THAT(JsonFault(text), HasSubstr("is not JSON")) << text;
  }
}

TEST(JsonTextTest, NulIsRefusedInEveryPlace) {
  for (const char* text : {R"("\u0000")", R"({"\u0000":1})", R"([["a\u0000b"]])"}) {
    EXPECT_EQ(JsonFault(text), "must not contain \\u0000") << text;
  }
  EXPECT_NE(JsonFault(std::string("\"a\0b\"", 5)), "");
  EXPECT_NE(JsonFault(std::string("1\0", 2)), "");
}

TEST(JsonTextTest, HalfASurrogatePairIsRefused) {
  for (const char* text : {R"("\ud800")", R"("\udc00")", R"("\ud800\ud800")", R"("\udc00\ud800")",
                           R"({"a\udfff":1})", R"("\ud800x")"}) {
    EXPECT_NE(JsonFault(text), "") << text;
  }
}

TEST(JsonTextTest, InvalidUtf8IsRefused) {
  EXPECT_EQ(JsonFault("\"\xff\""), "must be valid UTF-8");
  EXPECT_EQ(JsonFault("\"\xed\xa0\x80\""), "must be valid UTF-8");
}

TEST(JsonTextTest, NumbersThatPostgresCannotStoreAreRefused) {
  EXPECT_THAT(JsonFault("[1e131072]"), HasSubstr("too large or too precise"));
  EXPECT_EQ(JsonFault(R"([1e131071,{"a":-1e-400}])"), "");
}

TEST(JsonTextTest, DepthHasABoundAndNeedsNoStack) {
  EXPECT_EQ(JsonFault(Nested(kMaxJsonDepth)), "");
  EXPECT_THAT(JsonFault(Nested(kMaxJsonDepth + 1)), HasSubstr("nests deeper"));
  EXPECT_THAT(JsonFault(Nested(1'000'000)), HasSubstr("nests deeper"));
}

TEST(JsonTextTest, TheSizeCountsNumbersAsTheDatabasePrintsThem) {
  const std::pair<std::string, size_t> sizes[] = {
      {"null", 4},
      {R"({"a":[1,true]})", 14},
      {"1e100", 101},
      {"[1e3,1e-3]", 12},
      {R"({"n": -1e2})", 11},
      {R"({"a":1e2,"b":[1e3,{"c":1e1}]})", 29},
      // What looks like a number in a string is no number.
      {R"("1e100")", 7},
      {R"({"1e100":"-1e9 \" 1e9"})", 23},
      {R"("\\")", 4},
      {R"(["\\",1e5])", 13}};
  for (const auto& [json, size] : sizes) EXPECT_EQ(JsonbTextSize(json), size) << json;
  EXPECT_EQ(JsonbTextSize("[" + std::string(100, '9') + "]"), 102U);
}

TEST(JsonTextTest, StringsAreEscaped) {
  std::string json;
  AppendJsonString("a\"b\\c\n\x01\x1fä", json);
  EXPECT_EQ(json, R"("a\"b\\c\u000a\u0001\u001fä")");
  EXPECT_EQ(JsonFault(json), "");
}

}  // namespace
}  // namespace vibestack::job_service

#include "common/db/params.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

#include "common/db/connection_string.h"

namespace vibestack::db {
namespace {

TEST(ArrayTest, QuotesEveryElementSoThatNoneIsReadAsSyntax) {
  EXPECT_EQ(EncodeArray(std::vector<std::string>{}), "{}");
  EXPECT_EQ(EncodeArray(std::vector<std::string>{"a", "", "NULL", "{x,y}", " b "}),
            R"({"a","","NULL","{x,y}"," b "})");
  EXPECT_EQ(EncodeArray(std::vector<std::string>{R"(say "hi")", R"(back\slash)"}),
            R"({"say \"hi\"","back\\slash"})");
}

TEST(ArrayTest, AbsentElementsAreNull) {
  EXPECT_EQ(EncodeArray(std::vector<std::optional<std::string>>{"a", std::nullopt, "b"}),
            R"({"a",NULL,"b"})");
}

TEST(ArrayTest, ABuilderCanBeUsedAgain) {
  ArrayBuilder builder;
  builder.Add("a");
  EXPECT_EQ(builder.Finish(), R"({"a"})");
  builder.Add("b");
  EXPECT_EQ(builder.Finish(), R"({"b"})");
}

TEST(ParamsTest, ValuesStayWhereTheyAre) {
  Params params;
  for (int i = 0; i < 100; ++i) params.Add(std::to_string(i));
  params.AddNull().Add(true).Add(int64_t{-5}).Add(std::optional<std::string>());
  EXPECT_STREQ(params.pointers()[0], "0");
  EXPECT_STREQ(params.pointers()[99], "99");
  EXPECT_EQ(params.pointers()[100], nullptr);
  EXPECT_STREQ(params.pointers()[101], "t");
  EXPECT_STREQ(params.pointers()[102], "-5");
  EXPECT_EQ(params.pointers()[103], nullptr);
}

TEST(ParamsTest, KnowsThatAValueHasANul) {
  Params params;
  params.Add("fine");
  EXPECT_FALSE(params.has_nul());
  params.Add(std::string("a\0b", 3));
  EXPECT_TRUE(params.has_nul());
}

TEST(ParamsTest, TimesKeepTheirMicroseconds) {
  EXPECT_EQ(FormatTimestamp(absl::FromUnixMicros(1'700'000'000'000'001)),
            "2023-11-14 22:13:20.000001+00");
  // PostgreSQL would read a shorter year as one of this century.
  EXPECT_EQ(FormatTimestamp(absl::FromUnixSeconds(-62'135'596'800)),
            "0001-01-01 00:00:00.000000+00");
}

TEST(ParamsTest, TimesBeyondAllOthersAreInfinite) {
  EXPECT_EQ(FormatTimestamp(absl::InfiniteFuture()), "infinity");
  EXPECT_EQ(FormatTimestamp(absl::InfinitePast()), "-infinity");
  EXPECT_EQ(FormatTimestamp(absl::FromUnixMicros(std::numeric_limits<int64_t>::max())), "infinity");
  EXPECT_EQ(FormatTimestamp(absl::FromUnixMicros(std::numeric_limits<int64_t>::min())),
            "-infinity");
}

TEST(ParamsTest, TimesOfOtherProgramsMayLieFarAway) {
  EXPECT_EQ(FormatTimestamp(absl::FromUnixSeconds(-62'135'596'801)),
            "0001-12-31 23:59:59.000000+00 BC");
  EXPECT_EQ(FormatTimestamp(absl::FromUnixSeconds(253'402'300'800)),
            "10000-01-01 00:00:00.000000+00");
}

TEST(ConnectionStringTest, WhatTheOperatorSaysComesLastAndWins) {
  EXPECT_TRUE(ConnectionString("host=db connect_timeout=1", "x")
                  .ends_with(" application_name=x host=db connect_timeout=1"));
  EXPECT_TRUE(ConnectionString("postgresql://db/name?connect_timeout=1", "x")
                  .ends_with("&application_name=x&connect_timeout=1"));
  EXPECT_TRUE(
      ConnectionString("postgresql://db/name", "x").starts_with("postgresql://db/name?connect"));
}

}  // namespace
}  // namespace vibestack::db

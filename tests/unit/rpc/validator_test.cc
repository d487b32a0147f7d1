#include "common/rpc/validator.h"

#include <gtest/gtest.h>

namespace vibestack::rpc {
namespace {

bool TextIsFine(const std::string& value, size_t min, size_t max) {
  Validator validator;
  validator.Text("field", value, min, max);
  return validator.ok();
}

TEST(ValidatorTest, LengthsAreInCharacters) {
  EXPECT_TRUE(TextIsFine("üüü", 3, 3));
  EXPECT_FALSE(TextIsFine("üü", 3, 3));
  EXPECT_FALSE(TextIsFine("üüüü", 3, 3));
  EXPECT_TRUE(TextIsFine("", 0, 3));
  EXPECT_FALSE(TextIsFine("", 1, 3));
}

TEST(ValidatorTest, NulIsRefusedEverywhere) {
  EXPECT_FALSE(TextIsFine(std::string("a\0b", 3), 0, 100));
  EXPECT_FALSE(TextIsFine(std::string(1, '\0'), 0, 100));
}

TEST(ValidatorTest, NewIdsAreOfVersion4AndOldOnesOfAny) {
  const std::string version1 = "f47ac10b-58cc-1372-a567-0e02b2c3d479";
  Validator validator;
  validator.Id("id", version1);
  EXPECT_TRUE(validator.ok());
  validator.NewId("id", version1);
  EXPECT_FALSE(validator.ok());
}

TEST(ValidatorTest, FieldsThatTheTypeDoesNotHaveAreNamedByNumber) {
  google::protobuf::Timestamp time;
  Validator fine;
  fine.NoUnknownFields(time);
  EXPECT_TRUE(fine.ok());
  ASSERT_TRUE(time.ParseFromString("\x30\x01"));  // field 6: true
  Validator refusing;
  refusing.NoUnknownFields(time);
  EXPECT_EQ(refusing.ToStatus().message(), "field 6: is not a field of this request");
}

TEST(ValidatorTest, TimesAndSpansStayInTheirRange) {
  google::protobuf::Timestamp time;
  google::protobuf::Duration span;
  Validator fine;
  fine.Time("t", time);
  fine.Span("s", span);
  EXPECT_TRUE(fine.ok());
  time.set_seconds(int64_t{1} << 40);
  span.set_seconds(-1);
  Validator time_wrong;
  time_wrong.Time("t", time);
  EXPECT_FALSE(time_wrong.ok());
  Validator span_wrong;
  span_wrong.Span("s", span);
  EXPECT_FALSE(span_wrong.ok());
}

TEST(ValidatorTest, TimestampsKeepMicroseconds) {
  const absl::Time time = absl::FromUnixMicros(1'700'000'000'123'456);
  EXPECT_EQ(ToTime(ToTimestamp(time)), time);
}

TEST(ValidatorTest, TimestampsThatCannotBeSentAreTheNearestThatCan) {
  for (const absl::Time late : {absl::InfiniteFuture(), absl::FromUnixSeconds(253'402'300'800)}) {
    EXPECT_EQ(ToTime(ToTimestamp(late)), absl::FromUnixMicros(253'402'300'799'999'999));
  }
  for (const absl::Time early : {absl::InfinitePast(), absl::FromUnixSeconds(-62'135'596'801)}) {
    EXPECT_EQ(ToTime(ToTimestamp(early)), absl::FromUnixSeconds(-62'135'596'800));
  }
}

}  // namespace
}  // namespace vibestack::rpc

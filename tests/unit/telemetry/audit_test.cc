#include "common/telemetry/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/telemetry/log.h"

namespace vibestack {
namespace {

using ::testing::HasSubstr;

std::string Written(std::initializer_list<LogField> fields) {
  testing::internal::CaptureStderr();
  Audit("login_failed", fields);
  return testing::internal::GetCapturedStderr();
}

TEST(AuditTest, ALineOfTheLogIsMarkedAsAudit) {
  EXPECT_THAT(
      Written({{"user_id", "7"}, {"reason", "inactive"}}),
      HasSubstr(R"("event":"login_failed","audit":true,"user_id":"7","reason":"inactive"})"));
}

TEST(AuditTest, NoLogLevelHidesIt) {
  ASSERT_TRUE(SetLogLevel("error").ok());
  EXPECT_THAT(Written({}), HasSubstr(R"("level":"info")"));
  ASSERT_TRUE(SetLogLevel("info").ok());
}

TEST(AuditGateTest, AFloodIsCountedInsteadOfWritten) {
  FakeClock clock(absl::FromUnixSeconds(1'750'000'000));
  AuditGate gate(2, clock);
  EXPECT_EQ(gate.Pass(), 0U);
  EXPECT_EQ(gate.Pass(), 0U);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(gate.Pass().has_value());
  clock.Advance(absl::Seconds(1));
  EXPECT_EQ(gate.Pass(), 5U);
  EXPECT_EQ(gate.Pass(), 0U);
  EXPECT_FALSE(gate.Pass().has_value());
}

TEST(AuditGateTest, AClockThatIsSetBackSilencesNothing) {
  FakeClock clock(absl::FromUnixSeconds(1'750'000'000));
  AuditGate gate(1, clock);
  EXPECT_EQ(gate.Pass(), 0U);
  clock.Advance(-absl::Hours(1));
  EXPECT_EQ(gate.Pass(), 0U);
}

}  // namespace
}  // namespace vibestack

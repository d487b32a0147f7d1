#include "job_service/api/waiting.h"

#include <gtest/gtest.h>

namespace vibestack::job_service {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

TEST(WaitingTest, AWaitEndsWhenItsTimeIsOver) {
  EXPECT_EQ(WaitEnd(absl::InfiniteFuture(), absl::Seconds(3), kNow), kNow + absl::Seconds(3));
}

TEST(WaitingTest, NobodyWaitsForMoreThanFiveMinutes) {
  EXPECT_EQ(WaitEnd(absl::InfiniteFuture(), absl::Hours(1), kNow), kNow + absl::Minutes(5));
}

TEST(WaitingTest, AWaitEndsALittleBeforeTheCallsDeadline) {
  EXPECT_EQ(WaitEnd(kNow + absl::Seconds(2), absl::Seconds(30), kNow),
            kNow + absl::Milliseconds(1900));
}

TEST(WaitingTest, AShortCallWaitsForHalfOfItsTime) {
  EXPECT_EQ(WaitEnd(kNow + absl::Milliseconds(60), absl::Seconds(30), kNow),
            kNow + absl::Milliseconds(30));
}

}  // namespace
}  // namespace vibestack::job_service

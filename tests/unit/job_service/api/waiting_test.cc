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

TEST(WaitingTest, AStreamLooksAfterHalfToAllOfThePollIntervalAndSoonerAfterAFailure) {
  const auth::Caller service = auth::Caller::Service("worker");
  for (int i = 0; i < 100; ++i) {
    const absl::Duration next = NextPoll(service, absl::Seconds(4), 0, kNow) - kNow;
    EXPECT_GE(next, absl::Seconds(2));
    EXPECT_LE(next, absl::Seconds(4));
    EXPECT_LE(NextPoll(service, absl::Seconds(4), 1, kNow) - kNow, absl::Milliseconds(200));
    EXPECT_LE(NextPoll(service, absl::Seconds(4), 50, kNow) - kNow, absl::Seconds(4));
  }
}

TEST(WaitingTest, AStreamLooksWhenItsCallersTokenExpires) {
  auth::Caller caller = auth::Caller::User("ann");
  caller.token_expires_at = kNow + absl::Milliseconds(700);
  EXPECT_EQ(NextPoll(caller, absl::Seconds(5), 0, kNow), caller.token_expires_at);
  caller.token_expires_at = kNow - absl::Seconds(1);
  EXPECT_EQ(NextPoll(caller, absl::Seconds(5), 0, kNow), kNow);
}

}  // namespace
}  // namespace vibestack::job_service

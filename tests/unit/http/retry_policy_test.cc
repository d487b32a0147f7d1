#include "common/http/retry_policy.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/base/error.h"

namespace vibestack::http {
namespace {

AttemptOutcome ClassifyStatus(int status) { return Classify(Response{status, {}, ""}); }

constexpr RetryPolicy kPolicy{.first_delay = absl::Seconds(1),
                              .max_delay = absl::Seconds(8),
                              .max_retry_after = absl::Seconds(30)};

TEST(ClassifyTest, EverySuccessIsAccepted) {
  for (int status = 200; status < 300; ++status) {
    EXPECT_EQ(ClassifyStatus(status), AttemptOutcome::kAccepted) << status;
  }
}

TEST(ClassifyTest, TemporaryFailuresAreRetried) {
  for (const int status : {404, 408, 425, 429, 500, 502, 503, 504, 599}) {
    EXPECT_EQ(ClassifyStatus(status), AttemptOutcome::kRetryable) << status;
  }
}

TEST(ClassifyTest, EveryOther4xxIsRefused) {
  for (int status = 400; status < 500; ++status) {
    if (status == 404 || status == 408 || status == 425 || status == 429) continue;
    EXPECT_EQ(ClassifyStatus(status), AttemptOutcome::kRefused) << status;
  }
}

TEST(ClassifyTest, RedirectsAndUnknownStatusesAreRetried) {
  for (const int status : {100, 199, 300, 301, 302, 307, 308, 399, 600, 999}) {
    EXPECT_EQ(ClassifyStatus(status), AttemptOutcome::kRetryable) << status;
  }
}

TEST(ClassifyTest, NoResponseIsRetriedUnlessThisProcessStops) {
  for (const char* reason : {"HTTP_UNREACHABLE", "HTTP_UNTRUSTED", "QUEUE_FULL"}) {
    EXPECT_EQ(Classify(UnavailableError(reason, "")), AttemptOutcome::kRetryable) << reason;
  }
  EXPECT_EQ(Classify(absl::DeadlineExceededError("")), AttemptOutcome::kRetryable);
  EXPECT_EQ(Classify(UnavailableError("SHUTTING_DOWN", "")), AttemptOutcome::kStopped);
}

TEST(RetryPolicyTest, DelayDoublesWithJitterUpToItsBound) {
  absl::Duration full = absl::Seconds(1);
  for (int attempts = 1; attempts <= 40; ++attempts) {
    for (int i = 0; i < 20; ++i) {
      const absl::Duration delay = kPolicy.Delay(attempts, std::nullopt);
      EXPECT_GE(delay, full / 2) << attempts;
      EXPECT_LE(delay, full) << attempts;
    }
    full = std::min(full * 2, absl::Seconds(8));
  }
}

TEST(RetryPolicyTest, DelayAtAgeGrowsWithTheAgeUpToItsBound) {
  const std::pair<absl::Duration, absl::Duration> cases[] = {
      {absl::ZeroDuration(), absl::Seconds(1)},
      {absl::Seconds(3), absl::Seconds(3)},
      {absl::Hours(1), absl::Seconds(8)}};
  for (const auto& [age, full] : cases) {
    for (int i = 0; i < 20; ++i) {
      const absl::Duration delay = kPolicy.DelayAtAge(age, std::nullopt);
      EXPECT_GE(delay, full / 2) << age;
      EXPECT_LE(delay, full) << age;
    }
  }
}

TEST(RetryPolicyTest, ReceiverThatAsksForTimeGetsItWithinBounds) {
  EXPECT_EQ(kPolicy.Delay(1, absl::Seconds(20)), absl::Seconds(20));
  EXPECT_EQ(kPolicy.Delay(1, absl::Seconds(31)), absl::Seconds(30));
  EXPECT_EQ(kPolicy.Delay(1, absl::InfiniteDuration()), absl::Seconds(30));
  EXPECT_EQ(kPolicy.DelayAtAge(absl::Seconds(2), absl::Seconds(20)), absl::Seconds(20));
  // Never sooner than the backoff.
  EXPECT_GE(kPolicy.Delay(4, absl::ZeroDuration()), absl::Seconds(4));
}

}  // namespace
}  // namespace vibestack::http

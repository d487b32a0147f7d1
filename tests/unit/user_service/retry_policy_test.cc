#include "user_service/mail/retry_policy.h"

#include <gtest/gtest.h>

#include "common/base/error.h"

namespace vibestack::user_service {
namespace {

absl::StatusOr<http::Response> Answer(int status, const std::string& retry_after = "") {
  http::Response response{status, {}, ""};
  if (!retry_after.empty()) response.headers.push_back({"retry-after", retry_after});
  return response;
}

absl::StatusOr<http::Response> NoAnswer() {
  return UnavailableError("HTTP_UNREACHABLE", "the receiver cannot be reached");
}

constexpr RetryPolicy kPolicy{.first_delay = absl::Seconds(1),
                              .max_delay = absl::Seconds(8),
                              .max_retry_after = absl::Seconds(30),
                              .give_up_after = absl::Minutes(1)};
const absl::Time kNow = absl::FromUnixSeconds(1'750'000'000);

TEST(JudgeTryTest, EverySuccessIsADelivery) {
  for (const int status : {200, 201, 202, 204, 299}) {
    EXPECT_EQ(JudgeTry(Answer(status)), TryOutcome::kDelivered) << status;
  }
}

TEST(JudgeTryTest, WhatMayPassIsTriedAgain) {
  EXPECT_EQ(JudgeTry(NoAnswer()), TryOutcome::kFailed);
  for (const int status : {404, 408, 425, 429, 500, 502, 503, 504, 599}) {
    EXPECT_EQ(JudgeTry(Answer(status)), TryOutcome::kFailed) << status;
  }
}

TEST(JudgeTryTest, RedirectsAndRefusalsAreNotTriedAgain) {
  for (const int status : {300, 301, 302, 307, 308, 400, 401, 403, 405, 410, 413, 422}) {
    EXPECT_EQ(JudgeTry(Answer(status)), TryOutcome::kRefused) << status;
  }
}

TEST(RetryPolicyTest, DelayDoublesWithJitterUpToItsBound) {
  absl::Duration full = absl::Seconds(1);
  for (int attempt = 0; attempt < 40; ++attempt) {
    for (int i = 0; i < 20; ++i) {
      const absl::Duration delay = kPolicy.Delay(attempt, NoAnswer(), kNow);
      EXPECT_GE(delay, full / 2) << attempt;
      EXPECT_LE(delay, full) << attempt;
    }
    full = std::min(full * 2, absl::Seconds(8));
  }
}

TEST(RetryPolicyTest, ReceiverThatAsksForTimeGetsItWithinBounds) {
  EXPECT_EQ(kPolicy.Delay(0, Answer(503, "20"), kNow), absl::Seconds(20));
  EXPECT_EQ(kPolicy.Delay(0, Answer(429, "Sun, 15 Jun 2025 15:06:50 GMT"), kNow),
            absl::Seconds(10));
  EXPECT_EQ(kPolicy.Delay(0, Answer(503, "31"), kNow), absl::Seconds(30));
  EXPECT_EQ(kPolicy.Delay(0, Answer(503, "999999999999999999999"), kNow), absl::Seconds(30));
  // Never sooner than by our own rule.
  EXPECT_GE(kPolicy.Delay(3, Answer(503, "0"), kNow), absl::Seconds(4));
}

}  // namespace
}  // namespace vibestack::user_service

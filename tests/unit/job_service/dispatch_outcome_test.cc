#include <gtest/gtest.h>

#include "common/base/error.h"
#include "job_service/dispatch/outcome.h"

namespace vibestack::job_service {
namespace {

using Kind = DispatchOutcome::Kind;
using Completion = Push::Completion;

constexpr absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

std::string OnlyNumbers(const std::string& text) { return text == "1" ? "" : "is no number"; }

DispatchOutcome Judge(const absl::StatusOr<http::Response>& answer,
                      Completion completion = Completion::kCallback) {
  return JudgeAnswer(answer, completion, OnlyNumbers, kNow);
}

TEST(DispatchOutcomeTest, StatusesMeanWhatTheyMean) {
  for (const int status : {200, 201, 202, 204, 299}) {
    EXPECT_EQ(Judge(http::Response{status, {}, ""}).kind, Kind::kAccepted) << status;
  }
  for (const int status : {400, 401, 403, 404, 409, 410, 422, 499}) {
    EXPECT_EQ(Judge(http::Response{status, {}, ""}).kind, Kind::kFailed) << status;
  }
  for (const int status : {100, 301, 302, 307, 308, 408, 425, 429, 500, 502, 503, 504, 600, 999}) {
    EXPECT_EQ(Judge(http::Response{status, {}, ""}).kind, Kind::kRetry) << status;
  }
}

TEST(DispatchOutcomeTest, ARefusalSaysTheStatus) {
  EXPECT_EQ(Judge(http::Response{404, {}, "secret"}).result,
            R"({"error":{"code":"DISPATCH_REFUSED","message":"the workflow answered 404",)"
            R"("details":{"http_status":404}}})");
}

TEST(DispatchOutcomeTest, TheBodyOfAResponseWorkflowIsTheResultOrFailsTheJob) {
  const DispatchOutcome good = Judge(http::Response{200, {}, "1"}, Completion::kResponse);
  EXPECT_EQ(good.kind, Kind::kCompleted);
  EXPECT_EQ(good.result, "1");
  const DispatchOutcome bad = Judge(http::Response{200, {}, "<html>"}, Completion::kResponse);
  EXPECT_EQ(bad.kind, Kind::kFailed);
  EXPECT_NE(bad.result.find("RESPONSE_INVALID"), std::string::npos);
  EXPECT_EQ(bad.result.find("html"), std::string::npos);
}

TEST(DispatchOutcomeTest, NoAnswerIsTriedAgainButNotWhenWeStop) {
  EXPECT_EQ(Judge(UnavailableError("HTTP_UNREACHABLE", "")).kind, Kind::kRetry);
  EXPECT_EQ(Judge(UnavailableError("HTTP_UNTRUSTED", "")).kind, Kind::kRetry);
  EXPECT_EQ(Judge(absl::DeadlineExceededError("")).kind, Kind::kRetry);
  EXPECT_EQ(Judge(UnavailableError("SHUTTING_DOWN", "")).kind, Kind::kAbandoned);
}

TEST(DispatchOutcomeTest, AnAnswerPastTheBoundIsNoResult) {
  const absl::Status large =
      MakeError(absl::StatusCode::kOutOfRange, "HTTP_RESPONSE_TOO_LARGE", "");
  EXPECT_EQ(Judge(large, Completion::kResponse).kind, Kind::kFailed);
  EXPECT_EQ(Judge(large).kind, Kind::kRetry);
}

TEST(DispatchOutcomeTest, RetryAfterIsRead) {
  EXPECT_EQ(Judge(http::Response{429, {{"retry-after", "7"}}, ""}).retry_after, absl::Seconds(7));
  EXPECT_EQ(Judge(http::Response{503, {}, ""}).retry_after, std::nullopt);
}

}  // namespace
}  // namespace vibestack::job_service

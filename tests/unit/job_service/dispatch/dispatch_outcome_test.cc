#include <gtest/gtest.h>

#include "common/base/error.h"
#include "job_service/dispatch/outcome.h"

namespace vibestack::job_service {
namespace {

using Kind = DispatchOutcome::Kind;
using Completion = Push::Completion;

constexpr absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

std::string OnlyNumbers(const std::string& text) { return text == "1" ? "" : "is no number"; }

DispatchOutcome Read(const absl::StatusOr<http::Response>& answer,
                     Completion completion = Completion::kCallback) {
  return ReadResponse(answer, completion, OnlyNumbers, kNow);
}

TEST(DispatchOutcomeTest, TheRetryPolicyDecidesWhatAStatusMeans) {
  const std::pair<int, Kind> expected[] = {
      {202, Kind::kAccepted}, {400, Kind::kFailed}, {404, Kind::kRetry}, {503, Kind::kRetry}};
  for (const auto& [status, kind] : expected) {
    EXPECT_EQ(Read(http::Response{status, {}, ""}).kind, kind) << status;
  }
}

TEST(DispatchOutcomeTest, ARefusalSaysTheStatus) {
  EXPECT_EQ(Read(http::Response{410, {}, "secret"}).result,
            R"({"code":"DISPATCH_REFUSED",)"
            R"("message":"the workflow responded with HTTP status 410",)"
            R"("details":{"http_status":410}})");
}

TEST(DispatchOutcomeTest, TheBodyOfAResponseWorkflowIsTheResultOrFailsTheJob) {
  const DispatchOutcome good = Read(http::Response{200, {}, "1"}, Completion::kResponse);
  EXPECT_EQ(good.kind, Kind::kCompleted);
  EXPECT_EQ(good.result, "1");
  const DispatchOutcome bad = Read(http::Response{200, {}, "<html>"}, Completion::kResponse);
  EXPECT_EQ(bad.kind, Kind::kFailed);
  EXPECT_NE(bad.result.find("RESPONSE_INVALID"), std::string::npos);
  EXPECT_EQ(bad.result.find("html"), std::string::npos);
}

TEST(DispatchOutcomeTest, NoAnswerIsTriedAgainButNotWhenWeStop) {
  EXPECT_EQ(Read(UnavailableError("HTTP_UNREACHABLE", "")).kind, Kind::kRetry);
  EXPECT_EQ(Read(UnavailableError("HTTP_UNTRUSTED", "")).kind, Kind::kRetry);
  EXPECT_EQ(Read(absl::DeadlineExceededError("")).kind, Kind::kRetry);
  EXPECT_EQ(Read(UnavailableError("SHUTTING_DOWN", "")).kind, Kind::kAbandoned);
}

TEST(DispatchOutcomeTest, AnAnswerPastTheBoundIsNoResult) {
  const absl::Status large =
      MakeError(absl::StatusCode::kOutOfRange, "HTTP_RESPONSE_TOO_LARGE", "");
  EXPECT_EQ(Read(large, Completion::kResponse).kind, Kind::kFailed);
  EXPECT_EQ(Read(large).kind, Kind::kRetry);
}

TEST(DispatchOutcomeTest, RetryAfterIsRead) {
  EXPECT_EQ(Read(http::Response{429, {{"retry-after", "7"}}, ""}).retry_after, absl::Seconds(7));
  EXPECT_EQ(Read(http::Response{503, {}, ""}).retry_after, std::nullopt);
}

}  // namespace
}  // namespace vibestack::job_service

#include "common/base/error.h"

#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"

namespace vibestack {
namespace {

template <typename Detail>
Detail DetailOf(const absl::Status& status) {
  Detail detail;
  const auto payload =
      status.GetPayload("type.googleapis.com/" + Detail::descriptor()->full_name());
  EXPECT_TRUE(payload.has_value() && detail.ParseFromString(std::string(*payload)));
  return detail;
}

TEST(ErrorTest, CarriesItsReasonInOurDomain) {
  const absl::Status status = AbortedError("LEASE_LOST", "the lease is gone");
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ErrorReason(status), "LEASE_LOST");
  EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(status).domain(), "vibestack");
}

TEST(ErrorTest, ForeignErrorsHaveNoReasonAndNoRetryDelay) {
  EXPECT_EQ(ErrorReason(absl::InternalError("x")), "");
  EXPECT_EQ(RetryDelay(absl::UnavailableError("x")), absl::InfiniteDuration());
}

TEST(ErrorTest, MetadataStandsBesideTheReason) {
  const absl::Status status = WithErrorMetadata(AbortedError("A", "a"), "table", "notes");
  const auto info = DetailOf<google::rpc::ErrorInfo>(status);
  EXPECT_EQ(info.reason(), "A");
  EXPECT_EQ(info.metadata().at("table"), "notes");
  EXPECT_EQ(ErrorMetadata(status, "table"), "notes");
  EXPECT_EQ(ErrorMetadata(status, "row"), "");
  EXPECT_EQ(WithErrorMetadata(absl::OkStatus(), "a", "b"), absl::OkStatus());
}

TEST(ErrorTest, UnavailableAndExhaustedSayWhenToRetry) {
  EXPECT_EQ(RetryDelay(UnavailableError("A", "a", absl::Milliseconds(1'500))),
            absl::Milliseconds(1'500));
  EXPECT_GT(RetryDelay(ResourceExhaustedError("B", "b")), absl::ZeroDuration());
}

TEST(ErrorTest, NotFoundNamesTheResource) {
  const absl::Status status = NotFoundError("job", "some-id");
  EXPECT_EQ(ErrorReason(status), "JOB_NOT_FOUND");
  const auto info = DetailOf<google::rpc::ResourceInfo>(status);
  EXPECT_EQ(info.resource_type(), "vibestack/job");
  EXPECT_EQ(info.resource_name(), "some-id");
}

TEST(FieldViolationsTest, NamesEveryFieldInOneAnswer) {
  FieldViolations violations;
  EXPECT_TRUE(violations.ToStatus().ok());
  violations.Add("email", "is required");
  violations.Add("requests[3].id", "must be a UUID");
  const absl::Status status = violations.ToStatus();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  const auto details = DetailOf<google::rpc::BadRequest>(status);
  ASSERT_EQ(details.field_violations_size(), 2);
  EXPECT_EQ(details.field_violations(0).field(), "email");
  EXPECT_EQ(details.field_violations(1).field(), "requests[3].id");
  EXPECT_EQ(details.field_violations(1).description(), "must be a UUID");
}

TEST(FieldViolationsTest, AnswerFitsIntoAClientsHeadersHoweverMuchIsWrong) {
  FieldViolations violations;
  for (int i = 0; i < 1'000; ++i)
    violations.Add("requests[" + std::to_string(i) + "].id", "is bad");
  const absl::Status many = violations.ToStatus();
  const auto details = DetailOf<google::rpc::BadRequest>(many);
  EXPECT_GT(details.field_violations_size(), 50);
  EXPECT_LT(details.ByteSizeLong(), 4'000U);
  EXPECT_NE(many.message().find(std::to_string(1'000 - details.field_violations_size())),
            absl::string_view::npos);

  std::string owls;
  for (int i = 0; i < 10'000; ++i) owls += "🦉";
  const auto cut = DetailOf<google::rpc::BadRequest>(InvalidFieldError(owls, owls));
  EXPECT_EQ(cut.field_violations(0).field(), owls.substr(0, 200) + "…");
  EXPECT_EQ(cut.field_violations(0).description(), owls.substr(0, 200) + "…");
  const auto odd = DetailOf<google::rpc::BadRequest>(InvalidFieldError("x" + owls, "is bad"));
  EXPECT_EQ(odd.field_violations(0).field(), "x" + owls.substr(0, 196) + "…");
}

}  // namespace
}  // namespace vibestack

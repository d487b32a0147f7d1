#include "common/rpc/grpc_status.h"

#include <gtest/gtest.h>

#include "absl/strings/cord.h"
#include "common/base/error.h"

namespace vibestack::rpc {
namespace {

TEST(GrpcStatusTest, ErrorsKeepCodeMessageAndDetailsBothWays) {
  const absl::Status error = ResourceExhaustedError("BUSY", "busy", absl::Milliseconds(250));
  const grpc::Status sent = ToGrpcStatus(error);
  EXPECT_EQ(sent.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(sent.error_message(), "busy");
  EXPECT_EQ(FromGrpcStatus(sent), error);
}

TEST(GrpcStatusTest, NotesForThisProcessStayHere) {
  absl::Status error = UnauthenticatedError("TOKEN_INVALID", "no");
  error.SetPayload("vibestack/token_refusal", absl::Cord("bad_signature"));
  EXPECT_EQ(FromGrpcStatus(ToGrpcStatus(error)), UnauthenticatedError("TOKEN_INVALID", "no"));
}

TEST(GrpcStatusTest, OkStaysOk) {
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
  EXPECT_TRUE(FromGrpcStatus(grpc::Status::OK).ok());
}

TEST(GrpcStatusTest, TheTextOfAForeignErrorGoesNowhere) {
  const grpc::Status sent = ToGrpcStatus(absl::InternalError("SELECT secret FROM /etc/passwd"));
  EXPECT_EQ(sent.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_EQ(sent.error_message().find("secret"), std::string::npos);
  EXPECT_EQ(ErrorReason(FromGrpcStatus(sent)), "UNKNOWN");
}

TEST(GrpcStatusTest, PeersWithoutDetailsAreUnderstood) {
  const absl::Status status =
      FromGrpcStatus(grpc::Status(grpc::StatusCode::UNAVAILABLE, "no connection"));
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_EQ(ErrorReason(status), "");
}

}  // namespace
}  // namespace vibestack::rpc

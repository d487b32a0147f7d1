#include "job_service/user_client/peer_error.h"

#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/rpc/grpc_status.h"

namespace vibestack::job_service {
namespace {

void ExpectUnavailable(const absl::Status& status) {
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_EQ(ErrorReason(status), "USER_SERVICE_UNAVAILABLE");
  EXPECT_GT(RetryDelay(status), absl::ZeroDuration());
  EXPECT_LE(RetryDelay(status), absl::Seconds(1));
}

TEST(PeerErrorTest, APeerThatIsAwayIsUnavailableWithARetry) {
  const absl::Time later = absl::Now() + absl::Hours(1);
  ExpectUnavailable(FromPeerError({grpc::StatusCode::UNAVAILABLE, "connection refused"}, later));
  ExpectUnavailable(FromPeerError({grpc::StatusCode::DEADLINE_EXCEEDED, ""}, later));
}

TEST(PeerErrorTest, ARefusedServiceTokenIsNotRevealedToCallers) {
  const absl::Time later = absl::Now() + absl::Hours(1);
  for (const absl::Status& refusal :
       {UnauthenticatedError("TOKEN_EXPIRED", "the token is over"),
        PermissionDeniedError("ROLE_REQUIRED", "for others"), InternalError("oh")}) {
    ExpectUnavailable(FromPeerError(rpc::ToGrpcStatus(refusal), later));
  }
}

TEST(PeerErrorTest, ACallersOwnDeadlineIsTheirs) {
  const absl::Status status =
      FromPeerError({grpc::StatusCode::DEADLINE_EXCEEDED, ""}, absl::Now() - absl::Seconds(1));
  EXPECT_TRUE(absl::IsDeadlineExceeded(status));
}

}  // namespace
}  // namespace vibestack::job_service

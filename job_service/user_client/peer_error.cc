#include "job_service/user_client/peer_error.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/rpc/grpc_status.h"

namespace vibestack::job_service {

absl::Status FromPeerError(const grpc::Status& status, absl::Time caller_deadline) {
  const absl::Status error = rpc::FromGrpcStatus(status);
  if (absl::IsDeadlineExceeded(error) && absl::Now() >= caller_deadline) {
    return MakeError(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED",
                     "user_service did not answer in time");
  }
  return UnavailableError("USER_SERVICE_UNAVAILABLE", "user_service is not available",
                          std::min(RetryDelay(error), absl::Milliseconds(500)));
}

}  // namespace vibestack::job_service

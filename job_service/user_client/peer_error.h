#ifndef VIBESTACK_JOB_SERVICE_USER_CLIENT_PEER_ERROR_H_
#define VIBESTACK_JOB_SERVICE_USER_CLIENT_PEER_ERROR_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace vibestack::job_service {

// The error for a caller of job_service after a call to user_service failed with `status`. The
// caller is not at fault, so the error is DEADLINE_EXCEEDED if `caller_deadline` has passed, else
// UNAVAILABLE (USER_SERVICE_UNAVAILABLE) with RetryInfo, whatever `status` is.
absl::Status FromPeerError(const grpc::Status& status, absl::Time caller_deadline);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_USER_CLIENT_PEER_ERROR_H_

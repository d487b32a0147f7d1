#ifndef VIBESTACK_JOB_SERVICE_USER_CLIENT_PEER_ERROR_H_
#define VIBESTACK_JOB_SERVICE_USER_CLIENT_PEER_ERROR_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace vibestack::job_service {

// The error for our own caller after a failed call of user_service. The caller did nothing wrong,
// so whatever `status` is, this is DEADLINE_EXCEEDED when `caller_deadline` has passed, else
// UNAVAILABLE (USER_SERVICE_UNAVAILABLE) with RetryInfo.
absl::Status FromPeerError(const grpc::Status& status, absl::Time caller_deadline);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_USER_CLIENT_PEER_ERROR_H_

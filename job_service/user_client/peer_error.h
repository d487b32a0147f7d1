#ifndef VIBESTACK_JOB_SERVICE_USER_CLIENT_PEER_ERROR_H_
#define VIBESTACK_JOB_SERVICE_USER_CLIENT_PEER_ERROR_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace vibestack::job_service {

// What a failed call of user_service means to our own caller, who did nothing wrong:
// DEADLINE_EXCEEDED when `caller_deadline` has passed, else UNAVAILABLE (USER_SERVICE_UNAVAILABLE)
// with RetryInfo, whatever it was.
absl::Status FromPeerError(const grpc::Status& status, absl::Time caller_deadline);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_USER_CLIENT_PEER_ERROR_H_

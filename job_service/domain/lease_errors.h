#ifndef VIBESTACK_JOB_SERVICE_DOMAIN_LEASE_ERRORS_H_
#define VIBESTACK_JOB_SERVICE_DOMAIN_LEASE_ERRORS_H_

#include "absl/status/status.h"
#include "common/base/error.h"

namespace vibestack::job_service {

// The token is not the job's present one: it was taken back, ended, or the token was replaced.
inline absl::Status LeaseLostError() {
  return AbortedError("LEASE_LOST", "the lease token is not the job's present one");
}

// The same for a job that was cancelled, for whoever asks before the work is done.
inline absl::Status JobCancelledError() {
  return AbortedError("JOB_CANCELLED", "the job was cancelled");
}

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DOMAIN_LEASE_ERRORS_H_

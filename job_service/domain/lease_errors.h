#ifndef VIBESTACK_JOB_SERVICE_DOMAIN_LEASE_ERRORS_H_
#define VIBESTACK_JOB_SERVICE_DOMAIN_LEASE_ERRORS_H_

#include "absl/status/status.h"
#include "common/base/error.h"

namespace vibestack::job_service {

// The token is not the job's present one: it was taken back, ended, or the token was replaced.
inline absl::Status LeaseLostError() {
  return AbortedError("LEASE_LOST", "the lease token is not the job's present one");
}

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DOMAIN_LEASE_ERRORS_H_

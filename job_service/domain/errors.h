#ifndef VIBESTACK_JOB_SERVICE_DOMAIN_ERRORS_H_
#define VIBESTACK_JOB_SERVICE_DOMAIN_ERRORS_H_

#include "absl/status/status.h"
#include "common/base/error.h"

namespace vibestack::job_service {

// The lease token is not the current one: the job is pending again, it has ended, or another write
// replaced the token.
inline absl::Status LeaseLostError() {
  return AbortedError("LEASE_LOST", "the lease token is not the current one");
}

// The lease ended because somebody cancelled the job.
inline absl::Status JobCancelledError() {
  return AbortedError("JOB_CANCELLED", "the job was cancelled");
}

// A later attempt of the job has begun than the attempt that the run's callback token names.
inline absl::Status AttemptSupersededError() {
  return AbortedError("ATTEMPT_SUPERSEDED", "a later attempt of the job has begun");
}

// The id of a job to create belongs to a job with another user, workflow or input.
inline absl::Status IdTakenError() {
  return AlreadyExistsError("ID_TAKEN", "a job with this id but different content exists");
}

// Another program gave the job a status that is none of the four.
inline absl::Status UnknownStatusError() {
  return FailedPreconditionError(
      "JOB_STATUS_UNKNOWN",
      "another program gave the job a status that is not pending, processing, completed or failed");
}

// A concurrent write changed the job between two statements of the call.
inline absl::Status ConflictError() {
  return AbortedError("CONFLICT", "the call conflicted with a concurrent one; try again");
}

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DOMAIN_ERRORS_H_

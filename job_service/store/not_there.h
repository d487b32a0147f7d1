#ifndef VIBESTACK_JOB_SERVICE_STORE_NOT_THERE_H_
#define VIBESTACK_JOB_SERVICE_STORE_NOT_THERE_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "common/base/error.h"

namespace vibestack::job_service {

// A job is not there, or not there for `owner`: a user is not told whether somebody else has a job
// of that id.
inline absl::Status NotThereError(const std::string& id, const std::optional<std::string>& owner) {
  if (owner.has_value()) return PermissionDeniedError("NOT_YOURS", "the job is not yours");
  return NotFoundError("job", id);
}

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_NOT_THERE_H_

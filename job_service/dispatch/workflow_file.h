#ifndef VIBESTACK_JOB_SERVICE_DISPATCH_WORKFLOW_FILE_H_
#define VIBESTACK_JOB_SERVICE_DISPATCH_WORKFLOW_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "job_service/domain/workflow.h"

namespace vibestack::job_service {

// Parses the JSON text of a workflows file (workflows.proto) and reads the secrets that it names.
// INVALID_ARGUMENT tells the operator which field is wrong, as `workflows[2].push.url: …`, and
// quotes no value. `callbacks`: whether this job_service is configured for callbacks.
// `default_lease_duration`: of the workflows without a lease duration of their own.
absl::StatusOr<WorkflowSet> ParseWorkflows(const std::string& json, bool callbacks,
                                           absl::Duration default_lease_duration);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DISPATCH_WORKFLOW_FILE_H_

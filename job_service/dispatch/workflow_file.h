#ifndef VIBESTACK_JOB_SERVICE_DISPATCH_WORKFLOW_FILE_H_
#define VIBESTACK_JOB_SERVICE_DISPATCH_WORKFLOW_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "job_service/domain/workflow.h"

namespace vibestack::job_service {

// Parses the JSON text of a workflows file (workflows.proto) and reads the secrets that it names.
// INVALID_ARGUMENT names the invalid field for the operator, as `workflows[2].push.url: …`, and
// quotes no value. `callbacks` says whether this job_service is configured for callbacks; if not,
// workflows with callbacks are an error.
absl::StatusOr<WorkflowSet> ParseWorkflows(const std::string& json, bool callbacks);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DISPATCH_WORKFLOW_FILE_H_

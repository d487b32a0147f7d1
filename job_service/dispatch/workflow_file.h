#ifndef VIBESTACK_JOB_SERVICE_DISPATCH_WORKFLOW_FILE_H_
#define VIBESTACK_JOB_SERVICE_DISPATCH_WORKFLOW_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "job_service/domain/workflow.h"

namespace vibestack::job_service {

// The workflows that the JSON text of a workflows file (workflows.proto) describes, with the
// secrets that it names read. INVALID_ARGUMENT names what is wrong, as `workflows[2].push.url: …`,
// for the operator; it quotes no value. `callbacks` says whether runs can call back at all.
absl::StatusOr<WorkflowSet> ParseWorkflows(const std::string& json, bool callbacks);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DISPATCH_WORKFLOW_FILE_H_

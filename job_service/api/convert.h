#ifndef VIBESTACK_JOB_SERVICE_API_CONVERT_H_
#define VIBESTACK_JOB_SERVICE_API_CONVERT_H_

#include <string_view>

#include "common/rpc/validator.h"
#include "job_service/domain/job.h"
#include "job_service/domain/workflow.h"
#include "vibestack/job/v1/job.pb.h"

namespace vibestack::job_service {

namespace pb = job::v1;

// Adds a violation if `view` is not a value of the enum.
void CheckView(pb::JobView view, rpc::Validator& validator);

// Whether responses with this view have results. `by_default` replaces an unspecified view.
bool ShowsResult(pb::JobView view, pb::JobView by_default);

// A job as a message. Its result, if present and `with_result`, is in `result_json` for the view
// EXACT, if a Value cannot hold it, and if the Value would not fit into a message; else in
// `result_payload`.
pb::Job ToProto(const Job& job, pb::JobView view, bool with_result = true);

// The maximum size of a page of several jobs as it is sent, in bytes.
inline constexpr size_t kMaxPageBytes = size_t{2} << 20;

// The maximum size of the results and inputs of one response, in bytes: below the 4 MiB that a gRPC
// client accepts by default.
inline constexpr size_t kMaxResponseBytes = 3'500'000;

// Adds the attempts, the errors and `not_before`, unless the job is completed. `job` must have been
// read with its result.
void AddAttempts(const Job& job, const WorkflowSet& workflows, pb::Job& proto);

// Adds the input: in `input_json` with the view EXACT, or if a Value cannot hold it or is larger
// than `max_bytes`; else in `input`. Leaves out an input whose text is larger than `max_bytes`.
void AddInput(const Job& job, pb::JobView view, size_t max_bytes, pb::Job& proto);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_API_CONVERT_H_

#ifndef VIBESTACK_JOB_SERVICE_API_CONVERT_H_
#define VIBESTACK_JOB_SERVICE_API_CONVERT_H_

#include <string_view>

#include "common/rpc/validator.h"
#include "job_service/domain/job.h"
#include "vibestack/job/v1/job.pb.h"

namespace vibestack::job_service {

namespace pb = job::v1;

// Adds a violation if `view` is not a value of the enum.
void CheckView(pb::JobView view, rpc::Validator& validator);

// Whether responses with this view have results. `by_default` replaces an unspecified view.
bool ShowsResult(pb::JobView view, pb::JobView by_default);

// A job as a message. Its result, if present and `with_result`, is in `result_json` for the view
// EXACT and if a Value cannot hold it, else in `result_payload`.
pb::Job ToProto(const Job& job, pb::JobView view, bool with_result = true);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_API_CONVERT_H_

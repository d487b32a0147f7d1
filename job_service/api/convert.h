#ifndef VIBESTACK_JOB_SERVICE_API_CONVERT_H_
#define VIBESTACK_JOB_SERVICE_API_CONVERT_H_

#include <string_view>

#include "common/rpc/validator.h"
#include "job_service/domain/job.h"
#include "vibestack/job/v1/job.pb.h"

namespace vibestack::job_service {

namespace pb = job::v1;

// Adds a violation for a view that is none of the enum.
void CheckView(pb::JobView view, rpc::Validator& validator);

// Whether a view, given or by default, shows results.
bool ShowsResult(pb::JobView view, pb::JobView by_default);

// A job as callers see it. Its result, if asked for and there, goes into `result_json` for EXACT,
// else into `result_payload`, or `result_json` where a Value cannot hold it.
pb::Job ToProto(const Job& job, pb::JobView view, bool with_result = true);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_API_CONVERT_H_

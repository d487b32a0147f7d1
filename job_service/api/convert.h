#ifndef VIBESTACK_JOB_SERVICE_API_CONVERT_H_
#define VIBESTACK_JOB_SERVICE_API_CONVERT_H_

#include <string_view>

#include "common/rpc/validator.h"
#include "job_service/domain/job.h"
#include "vibestack/job/v1/job.pb.h"

namespace vibestack::job_service {

namespace pb = job::v1;

// Adds a violation when the enum does not have this view.
void CheckView(pb::JobView view, rpc::Validator& validator);

// Whether the view shows results. `by_default` replaces an unspecified view.
bool ShowsResult(pb::JobView view, pb::JobView by_default);

// A job as a message. With the view EXACT its result goes into `result_json`, else into
// `result_payload`, or into `result_json` when a Value cannot hold it.
pb::Job ToProto(const Job& job, pb::JobView view, bool with_result = true);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_API_CONVERT_H_

#include "common/base/uuid.h"
#include "job_service/api/access.h"
#include "job_service/api/convert.h"
#include "job_service/api/job_api.h"
#include "job_service/domain/job_error.h"

namespace vibestack::job_service {

Task<absl::StatusOr<pb::Job>> JobApi::CancelJob(Call& call, const pb::CancelJobRequest& request) {
  rpc::Validator validator;
  validator.Id("id", request.id());
  validator.Text("reason", request.reason(), 0, kMaxCancelReason);
  if (!validator.ok()) co_return validator.ToStatus();
  const absl::StatusOr<Job> job = co_await stores_.manage.Cancel(
      CanonicalUuid(request.id()), BoundTo(call.caller()),
      ErrorObject(kCancelledCode, request.reason(), ""), call.WorkDeadline());
  if (!job.ok()) co_return job.status();
  dispatcher_.NotifyCancelled(*job, request.reason());
  pb::Job response = ToProto(*job, pb::FULL);
  AddAttempts(*job, *options_.workflows(), response);
  co_return response;
}

}  // namespace vibestack::job_service

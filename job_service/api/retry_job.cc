#include "common/base/uuid.h"
#include "job_service/api/access.h"
#include "job_service/api/convert.h"
#include "job_service/api/job_api.h"

namespace vibestack::job_service {

Task<absl::StatusOr<pb::Job>> JobApi::RetryJob(Call& call, const pb::RetryJobRequest& request) {
  rpc::Validator validator;
  validator.Id("id", request.id());
  if (!validator.ok()) co_return validator.ToStatus();
  const absl::StatusOr<Job> job = co_await stores_.manage.Retry(
      CanonicalUuid(request.id()), BoundTo(call.caller()), call.WorkDeadline());
  if (!job.ok()) co_return job.status();
  pb::Job response = ToProto(*job, pb::FULL);
  AddAttempts(*job, *options_.workflows(), response);
  co_return response;
}

}  // namespace vibestack::job_service

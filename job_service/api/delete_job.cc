#include "common/base/uuid.h"
#include "job_service/api/access.h"
#include "job_service/api/job_api.h"

namespace vibestack::job_service {

Task<absl::StatusOr<google::protobuf::Empty>> JobApi::DeleteJob(
    Call& call, const pb::DeleteJobRequest& request) {
  rpc::Validator validator;
  validator.Id("id", request.id());
  if (!validator.ok()) co_return validator.ToStatus();
  const absl::Status deleted = co_await stores_.manage.Delete(
      CanonicalUuid(request.id()), BoundTo(call.caller()), call.WorkDeadline());
  if (!deleted.ok()) co_return deleted;
  co_return google::protobuf::Empty();
}

}  // namespace vibestack::job_service

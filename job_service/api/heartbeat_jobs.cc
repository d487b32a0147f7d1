#include "common/rpc/grpc_status.h"
#include "job_service/api/job_api.h"
#include "job_service/api/lease_requests.h"

namespace vibestack::job_service {

Task<absl::StatusOr<pb::HeartbeatJobsResponse>> JobApi::HeartbeatJobs(
    Call& call, const pb::HeartbeatJobsRequest& request) {
  const absl::StatusOr<std::vector<Lease>> leases = ToLeases(request.leases());
  if (!leases.ok()) co_return leases.status();
  const absl::StatusOr<std::vector<absl::StatusOr<LeasedJob>>> extended =
      co_await stores_.lease.Heartbeat(*leases, call.WorkDeadline());
  if (!extended.ok()) co_return extended.status();
  const WorkflowSetPtr workflows = options_.workflows();
  pb::HeartbeatJobsResponse response;
  for (size_t i = 0; i < leases->size(); ++i) {
    pb::HeartbeatResult& result = *response.add_results();
    result.set_job_id((*leases)[i].job_id);
    const absl::StatusOr<LeasedJob>& job = (*extended)[i];
    if (!job.ok()) {
      *result.mutable_error() = rpc::ToStatusProto(job.status());
      continue;
    }
    result.set_lease_token(absl::ToUnixMicros(job->updated_at));
    *result.mutable_lease_expires_at() =
        rpc::ToTimestamp(job->updated_at + workflows->LeaseDuration(job->workflow_id));
  }
  co_return response;
}

}  // namespace vibestack::job_service

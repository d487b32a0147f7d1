#include "common/rpc/grpc_status.h"
#include "job_service/api/job_api.h"
#include "job_service/api/lease_requests.h"

namespace vibestack::job_service {

Task<absl::StatusOr<pb::ReleaseJobsResponse>> JobApi::ReleaseJobs(
    Call& call, const pb::ReleaseJobsRequest& request) {
  const absl::StatusOr<std::vector<Lease>> leases = ToLeases(request.leases());
  if (!leases.ok()) co_return leases.status();
  const absl::StatusOr<std::vector<absl::Status>> released =
      co_await stores_.lease.Release(*leases, call.WorkDeadline());
  if (!released.ok()) co_return released.status();
  pb::ReleaseJobsResponse response;
  for (size_t i = 0; i < leases->size(); ++i) {
    pb::ReleaseResult& result = *response.add_results();
    result.set_job_id((*leases)[i].job_id);
    const absl::Status& status = (*released)[i];
    if (!status.ok()) *result.mutable_error() = rpc::ToStatusProto(status);
  }
  co_return response;
}

}  // namespace vibestack::job_service

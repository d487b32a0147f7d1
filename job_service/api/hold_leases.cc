#include <optional>
#include <utility>

#include "common/rpc/grpc_status.h"
#include "job_service/api/access.h"
#include "job_service/api/convert.h"
#include "job_service/api/job_api.h"
#include "job_service/api/work_input.h"

namespace vibestack::job_service {
namespace {

pb::ReportProgressResponse ToProgress(absl::Time updated_at, absl::Duration lease_duration) {
  pb::ReportProgressResponse response;
  response.set_lease_token(absl::ToUnixMicros(updated_at));
  *response.mutable_lease_expires_at() = rpc::ToTimestamp(updated_at + lease_duration);
  return response;
}

}  // namespace

Task<absl::StatusOr<pb::HeartbeatJobsResponse>> JobApi::HeartbeatJobs(
    Call& call, const pb::HeartbeatJobsRequest& request) {
  const absl::StatusOr<std::vector<Lease>> leases = ToLeases(request.leases());
  if (!leases.ok()) co_return leases.status();
  const absl::StatusOr<std::vector<absl::StatusOr<LeasedJob>>> extended =
      co_await stores_.lease.Heartbeat(*leases, call.WorkDeadline());
  if (!extended.ok()) co_return extended.status();
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
        rpc::ToTimestamp(job->updated_at + stores_.lease.LeaseDuration(job->workflow_id));
  }
  co_return response;
}

Task<absl::StatusOr<pb::ReportProgressResponse>> JobApi::ReportRun(
    Call& call, const pb::ReportProgressRequest& request, JobFinish progress) {
  const absl::Status allowed = CheckCallback(call.caller(), progress.lease.job_id);
  if (!allowed.ok()) co_return allowed;
  std::optional<std::string> part;
  if (request.result_case() != pb::ReportProgressRequest::RESULT_NOT_SET) {
    part = std::move(progress.result);
  }
  const absl::StatusOr<Job> job = co_await stores_.dispatch.ReportRun(
      progress.lease.job_id, std::move(part), call.WorkDeadline());
  if (!job.ok()) co_return ResultError(job.status(), ResultField(request));
  // A run has no lease.
  co_return pb::ReportProgressResponse();
}

Task<absl::StatusOr<pb::ReportProgressResponse>> JobApi::ReportProgress(
    Call& call, const pb::ReportProgressRequest& request) {
  rpc::Validator validator;
  JobFinish progress = ToFinish(request, validator, RightOf(call.caller()));
  if (!validator.ok()) co_return validator.ToStatus();
  if (call.caller().IsCallback()) {
    co_return co_await ReportRun(call, request, std::move(progress));
  }
  if (request.result_case() == pb::ReportProgressRequest::RESULT_NOT_SET) {
    std::vector<Lease> leases;
    leases.push_back(progress.lease);
    const absl::StatusOr<std::vector<absl::StatusOr<LeasedJob>>> extended =
        co_await stores_.lease.Heartbeat(std::move(leases), call.WorkDeadline());
    if (!extended.ok()) co_return extended.status();
    const absl::StatusOr<LeasedJob>& held = extended->front();
    if (!held.ok()) co_return held.status();
    co_return ToProgress(held->updated_at, stores_.lease.LeaseDuration(held->workflow_id));
  }
  const absl::StatusOr<Job> job =
      co_await stores_.finish.ReportProgress(std::move(progress), call.WorkDeadline());
  if (!job.ok()) co_return ResultError(job.status(), ResultField(request));
  co_return ToProgress(job->updated_at, stores_.lease.LeaseDuration(job->workflow_id));
}

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

#include <utility>

#include "job_service/api/access.h"
#include "job_service/api/job_api.h"
#include "job_service/api/lease_requests.h"

namespace vibestack::job_service {
namespace {

pb::ReportProgressResponse ToResponse(absl::Time updated_at, absl::Duration lease_duration) {
  pb::ReportProgressResponse response;
  response.set_lease_token(absl::ToUnixMicros(updated_at));
  *response.mutable_lease_expires_at() = rpc::ToTimestamp(updated_at + lease_duration);
  return response;
}

}  // namespace

Task<absl::StatusOr<pb::ReportProgressResponse>> JobApi::ReportRun(
    Call& call, const pb::ReportProgressRequest& request, JobFinish progress) {
  const absl::Status allowed = CheckCallback(call.caller(), progress.lease.job_id);
  if (!allowed.ok()) co_return allowed;
  RunReport report;
  report.job_id = progress.lease.job_id;
  report.attempt = call.caller().attempt;
  report.created_micros = call.caller().job_created_micros;
  report.status = JobStatus::kProcessing;
  if (request.result_case() != pb::ReportProgressRequest::RESULT_NOT_SET) {
    report.result = std::move(progress.result);
  }
  const absl::StatusOr<Job> job =
      co_await stores_.dispatch.ReportRun(std::move(report), call.WorkDeadline());
  if (!job.ok()) co_return ResultError(job.status(), ResultField(request));
  // Without a lease token and an expiry: a run has no lease.
  co_return pb::ReportProgressResponse();
}

Task<absl::StatusOr<pb::ReportProgressResponse>> JobApi::ReportProgress(
    Call& call, const pb::ReportProgressRequest& request) {
  rpc::Validator validator;
  JobFinish progress = ToFinish(request, validator, WriteRightOf(call.caller()));
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
    co_return ToResponse(held->updated_at, options_.workflows()->LeaseDuration(held->workflow_id));
  }
  const absl::StatusOr<Job> job =
      co_await stores_.finish.ReportProgress(std::move(progress), call.WorkDeadline());
  if (!job.ok()) co_return ResultError(job.status(), ResultField(request));
  co_return ToResponse(job->updated_at, options_.workflows()->LeaseDuration(job->workflow_id));
}

}  // namespace vibestack::job_service

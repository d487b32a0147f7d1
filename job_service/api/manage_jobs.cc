#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/uuid.h"
#include "job_service/api/access.h"
#include "job_service/api/convert.h"
#include "job_service/api/job_api.h"

namespace vibestack::job_service {
namespace {

constexpr int kMaxWorkflows = 100;

template <typename Request>
absl::Status CheckId(const Request& request) {
  rpc::Validator validator;
  validator.Id("id", request.id());
  return validator.ToStatus();
}

google::protobuf::Duration ToProto(absl::Duration span) {
  google::protobuf::Duration proto;
  absl::Duration rest;
  proto.set_seconds(absl::IDivDuration(span, absl::Seconds(1), &rest));
  proto.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  return proto;
}

pb::WorkflowStats ToProto(const WorkflowStats& stats) {
  pb::WorkflowStats proto;
  proto.set_workflow_id(stats.workflow_id);
  for (const auto& [status, jobs] : stats.jobs) {
    if (status == JobStatus::kPending) proto.set_pending_count(jobs);
    if (status == JobStatus::kProcessing) proto.set_processing_count(jobs);
    if (status == JobStatus::kCompleted) proto.set_completed_count(jobs);
    if (status == JobStatus::kFailed) proto.set_failed_count(jobs);
  }
  if (stats.oldest_pending.has_value()) {
    *proto.mutable_oldest_pending_age() = ToProto(*stats.oldest_pending);
  }
  return proto;
}

absl::Status Check(const pb::GetJobStatsRequest& request) {
  rpc::Validator validator;
  validator.Size("workflow_ids", request.workflow_ids_size(), 0, kMaxWorkflows);
  if (!validator.ok()) return validator.ToStatus();
  for (int i = 0; i < request.workflow_ids_size(); ++i) {
    validator.Text(absl::StrCat("workflow_ids[", i, "]"), request.workflow_ids(i), 1,
                   kMaxWorkflowId);
  }
  return validator.ToStatus();
}

}  // namespace

Task<absl::StatusOr<google::api::HttpBody>> JobApi::GetJobResult(
    Call& call, const pb::GetJobResultRequest& request) {
  const absl::Status valid = CheckId(request);
  if (!valid.ok()) co_return valid;
  const absl::StatusOr<JobPtr> job = co_await ReadJob(call, CanonicalUuid(request.id()), true);
  if (!job.ok()) co_return job.status();
  if (!(*job)->result.has_value()) {
    co_return FailedPreconditionError("NO_RESULT", "the job has no result yet");
  }
  google::api::HttpBody body;
  body.set_content_type("application/json");
  body.set_data(*(*job)->result);
  co_return body;
}

Task<absl::StatusOr<pb::Job>> JobApi::RetryJob(Call& call, const pb::RetryJobRequest& request) {
  const absl::Status valid = CheckId(request);
  if (!valid.ok()) co_return valid;
  const absl::StatusOr<Job> job = co_await stores_.manage.Retry(
      CanonicalUuid(request.id()), BoundTo(call.caller()), call.WorkDeadline());
  if (!job.ok()) co_return job.status();
  co_return ToProto(*job, pb::BASIC);
}

Task<absl::StatusOr<google::protobuf::Empty>> JobApi::DeleteJob(
    Call& call, const pb::DeleteJobRequest& request) {
  const absl::Status valid = CheckId(request);
  if (!valid.ok()) co_return valid;
  const absl::Status deleted = co_await stores_.manage.Delete(
      CanonicalUuid(request.id()), BoundTo(call.caller()), call.WorkDeadline());
  if (!deleted.ok()) co_return deleted;
  co_return google::protobuf::Empty();
}

Task<absl::StatusOr<pb::GetJobStatsResponse>> JobApi::GetJobStats(
    Call& call, const pb::GetJobStatsRequest& request) {
  const absl::Status valid = Check(request);
  if (!valid.ok()) co_return valid;
  std::vector<std::string> workflow_ids(request.workflow_ids().begin(),
                                        request.workflow_ids().end());
  const absl::StatusOr<std::vector<WorkflowStats>> stats =
      co_await stores_.stats.CountByWorkflow(std::move(workflow_ids), call.WorkDeadline());
  if (!stats.ok()) co_return stats.status();
  pb::GetJobStatsResponse response;
  for (const WorkflowStats& workflow : *stats) *response.add_workflows() = ToProto(workflow);
  co_return response;
}

}  // namespace vibestack::job_service

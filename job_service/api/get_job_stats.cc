#include <utility>

#include "absl/strings/str_cat.h"
#include "common/rpc/validator.h"
#include "job_service/api/job_api.h"

namespace vibestack::job_service {
namespace {

constexpr int kMaxWorkflows = 100;

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
  proto.set_recently_failed_count(stats.recently_failed);
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

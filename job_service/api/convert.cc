#include "job_service/api/convert.h"

#include "job_service/api/json_to_value.h"

namespace vibestack::job_service {
namespace {

pb::Job::Status ToProto(JobStatus status) {
  switch (status) {
    case JobStatus::kPending:
      return pb::Job::PENDING;
    case JobStatus::kProcessing:
      return pb::Job::PROCESSING;
    case JobStatus::kCompleted:
      return pb::Job::COMPLETED;
    case JobStatus::kFailed:
      return pb::Job::FAILED;
    case JobStatus::kUnknown:
      break;
  }
  return pb::Job::STATUS_UNSPECIFIED;
}

void SetResult(const std::string& result, pb::JobView view, pb::Job& proto) {
  if (view == pb::EXACT) {
    proto.set_result_json(result);
    return;
  }
  if (JsonToValue(result, *proto.mutable_result_payload())) return;
  proto.clear_result_payload();
  proto.set_result_json(result);
}

}  // namespace

void CheckView(pb::JobView view, rpc::Validator& validator) {
  if (!pb::JobView_IsValid(view)) validator.Add("view", "is not a known view");
}

bool ShowsResult(pb::JobView view, pb::JobView by_default) {
  return (view == pb::JOB_VIEW_UNSPECIFIED ? by_default : view) != pb::BASIC;
}

pb::Job ToProto(const Job& job, pb::JobView view, bool with_result) {
  pb::Job proto;
  proto.set_id(job.id);
  proto.set_user_id(job.user_id);
  proto.set_workflow_id(job.workflow_id);
  proto.set_status(ToProto(job.status));
  *proto.mutable_created_at() = rpc::ToTimestamp(job.created_at);
  *proto.mutable_updated_at() = rpc::ToTimestamp(job.updated_at);
  if (with_result && job.result.has_value()) SetResult(*job.result, view, proto);
  return proto;
}

}  // namespace vibestack::job_service

#include "job_service/api/convert.h"

#include "job_service/api/json_to_value.h"

namespace vibestack::job_service {
namespace {

// The maximum size of an output as a Value. A completed job has no other large field.
constexpr size_t kMaxOutputBytes = (size_t{4} << 20) - 600;

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

void SetResult(const Job& job, pb::JobView view, pb::Job& proto) {
  const std::string& result = *job.result;
  if (view == pb::EXACT) {
    proto.set_result_json(result);
    return;
  }
  // A Value takes up to 3.7 times the bytes of its text.
  google::protobuf::Value& value = *proto.mutable_result_payload();
  const size_t max = job.status == JobStatus::kCompleted ? kMaxOutputBytes : kMaxResponseBytes;
  const bool fits = result.size() <= max + 2 && JsonToValue(result, value) &&
                    (result.size() <= max / 4 || value.ByteSizeLong() <= max);
  if (fits) return;
  proto.clear_result_payload();
  proto.set_result_json(result);
}

pb::AttemptError ToProto(const AttemptError& error) {
  pb::AttemptError proto;
  if (error.time.has_value()) *proto.mutable_time() = rpc::ToTimestamp(*error.time);
  proto.set_attempt(error.attempt);
  proto.set_code(error.code);
  proto.set_message(error.message);
  return proto;
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
  if (with_result && job.result.has_value()) SetResult(job, view, proto);
  return proto;
}

void AddAttempts(const Job& job, const WorkflowSet& workflows, pb::Job& proto) {
  if (job.status == JobStatus::kCompleted) return;
  proto.set_attempt(AttemptNumber(job));
  proto.set_max_attempts(job.max_attempts > 0 ? job.max_attempts
                                              : workflows.MaxAttempts(job.workflow_id));
  for (const AttemptError& error : job.errors) *proto.add_errors() = ToProto(error);
  if (job.not_before.has_value()) *proto.mutable_not_before() = rpc::ToTimestamp(*job.not_before);
}

void AddInput(const Job& job, pb::JobView view, size_t max_bytes, pb::Job& proto) {
  if (!job.input.has_value() || job.input->size() > max_bytes) return;
  google::protobuf::Value& value = *proto.mutable_input();
  const bool is_value =
      view != pb::EXACT && JsonToValue(*job.input, value) && value.ByteSizeLong() <= max_bytes;
  if (is_value) return;
  proto.clear_input();
  proto.set_input_json(*job.input);
}

}  // namespace vibestack::job_service

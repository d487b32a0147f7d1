#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/uuid.h"
#include "common/rpc/grpc_status.h"
#include "job_service/api/access.h"
#include "job_service/api/convert.h"
#include "job_service/api/job_api.h"
#include "job_service/api/json_text.h"
#include "job_service/api/value_to_json.h"
#include "job_service/domain/job_error.h"

namespace vibestack::job_service {
namespace {

constexpr int kMaxBatch = 1'000;
constexpr size_t kMaxCode = 100;
constexpr size_t kMaxMessage = 10'000;

Lease ToLease(const std::string& prefix, const std::string& id_field, const std::string& id,
              int64_t token, rpc::Validator& validator) {
  validator.Id(prefix + id_field, id);
  if (token <= 0) validator.Add(prefix + "lease_token", "is required");
  return {CanonicalUuid(id), token};
}

// What ends a job: a worker by its lease, or a run's callback by its token, whose lease is none.
Lease ToEnded(const auth::Caller& caller, const std::string& id, int64_t token,
              rpc::Validator& validator) {
  if (!caller.IsCallback()) return ToLease("", "id", id, token, validator);
  validator.Id("id", id);
  return {CanonicalUuid(id), 0};
}

std::string ToResult(const pb::CompleteJobRequest& request, rpc::Validator& validator) {
  switch (request.result_case()) {
    case pb::CompleteJobRequest::kResultPayload:
      return ValueToJson("result_payload", request.result_payload(), validator);
    case pb::CompleteJobRequest::kResultJson: {
      const std::string fault = JsonFault(request.result_json());
      if (!fault.empty()) validator.Add("result_json", fault);
      return request.result_json();
    }
    case pb::CompleteJobRequest::RESULT_NOT_SET:
      break;
  }
  return "null";
}

// The database refused what our own checks let pass.
absl::Status ResultError(const absl::Status& status, std::string_view field) {
  if (ErrorReason(status) != "INVALID_VALUE") return status;
  return InvalidFieldError(field, "is JSON that the database cannot store");
}

absl::StatusOr<std::vector<Lease>> ToLeases(const pb::HeartbeatJobsRequest& request) {
  rpc::Validator validator;
  validator.Size("leases", request.leases_size(), 1, kMaxBatch);
  if (!validator.ok()) return validator.ToStatus();
  std::vector<Lease> leases;
  absl::flat_hash_set<std::string> seen;
  for (int i = 0; i < request.leases_size(); ++i) {
    const std::string prefix = absl::StrCat("leases[", i, "].");
    const pb::Lease& lease = request.leases(i);
    leases.push_back(ToLease(prefix, "job_id", lease.job_id(), lease.lease_token(), validator));
    if (!seen.insert(leases.back().job_id).second) {
      validator.Add(prefix + "job_id", "is the job of another item, too");
    }
  }
  if (!validator.ok()) return validator.ToStatus();
  return leases;
}

}  // namespace

Task<absl::StatusOr<Job>> JobApi::End(Call& call, JobFinish finish) {
  if (!call.caller().IsCallback()) {
    co_return co_await store_.Finish(std::move(finish), call.WorkDeadline());
  }
  const absl::Status allowed = CheckCallback(call.caller(), finish.lease.job_id);
  if (!allowed.ok()) co_return allowed;
  co_return co_await push_.store.FinishRun(finish.lease.job_id, finish.status,
                                           std::move(finish.result), call.WorkDeadline());
}

Task<absl::StatusOr<pb::Job>> JobApi::CompleteJob(Call& call,
                                                  const pb::CompleteJobRequest& request) {
  rpc::Validator validator;
  JobFinish finish;
  finish.lease = ToEnded(call.caller(), request.id(), request.lease_token(), validator);
  finish.status = JobStatus::kCompleted;
  finish.result = ToResult(request, validator);
  if (!validator.ok()) co_return validator.ToStatus();
  const absl::StatusOr<Job> job = co_await End(call, std::move(finish));
  if (job.ok()) co_return ToProto(*job, pb::BASIC);
  const bool exact = request.result_case() == pb::CompleteJobRequest::kResultJson;
  const char* field = exact ? "result_json" : "result_payload";
  co_return ResultError(job.status(), field);
}

Task<absl::StatusOr<pb::Job>> JobApi::FailJob(Call& call, const pb::FailJobRequest& request) {
  rpc::Validator validator;
  JobFinish finish;
  finish.lease = ToEnded(call.caller(), request.id(), request.lease_token(), validator);
  finish.status = JobStatus::kFailed;
  validator.Text("code", request.code(), 1, kMaxCode);
  validator.Text("message", request.message(), 0, kMaxMessage);
  std::string details;
  if (request.has_details()) details = ValueToJson("details", request.details(), validator);
  if (!validator.ok()) co_return validator.ToStatus();
  finish.result = ErrorResult(request.code(), request.message(), details);
  const absl::StatusOr<Job> job = co_await End(call, std::move(finish));
  if (job.ok()) co_return ToProto(*job, pb::BASIC);
  co_return ResultError(job.status(), "details");
}

Task<absl::StatusOr<pb::HeartbeatJobsResponse>> JobApi::HeartbeatJobs(
    Call& call, const pb::HeartbeatJobsRequest& request) {
  const absl::StatusOr<std::vector<Lease>> leases = ToLeases(request);
  if (!leases.ok()) co_return leases.status();
  const absl::StatusOr<std::vector<absl::StatusOr<absl::Time>>> extended =
      co_await store_.Heartbeat(*leases, call.WorkDeadline());
  if (!extended.ok()) co_return extended.status();
  pb::HeartbeatJobsResponse response;
  for (size_t i = 0; i < leases->size(); ++i) {
    pb::HeartbeatResult& result = *response.add_results();
    result.set_job_id((*leases)[i].job_id);
    const absl::StatusOr<absl::Time>& updated_at = (*extended)[i];
    if (!updated_at.ok()) {
      *result.mutable_error() = rpc::ToStatusProto(updated_at.status());
      continue;
    }
    result.set_lease_token(absl::ToUnixMicros(*updated_at));
    *result.mutable_lease_expires_at() = rpc::ToTimestamp(*updated_at + store_.ShortestLease());
  }
  co_return response;
}

}  // namespace vibestack::job_service

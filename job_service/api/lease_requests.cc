#include "job_service/api/lease_requests.h"

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/uuid.h"
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

template <typename Request>
Lease ToLeaseOf(const std::string& prefix, const Request& request, WriteRight right,
                rpc::Validator& validator) {
  if (right == WriteRight::kLease) {
    return ToLease(prefix, "id", request.id(), request.lease_token(), validator);
  }
  validator.Id(prefix + "id", request.id());
  return {CanonicalUuid(request.id()), 0};
}

// A result or details as JSON text.
std::string ToText(const std::string& field, const google::protobuf::Value& value, size_t max,
                   rpc::Validator& validator) {
  const bool was_ok = validator.ok();
  std::string json = ValueToJson(field, value, validator);
  if (!was_ok || !validator.ok()) return json;
  const std::string fault = ResultSizeFault(json, max);
  if (!fault.empty()) validator.Add(field, fault);
  return json;
}

// The result as JSON text, from one of its two fields; `null` if the request has neither.
template <typename Request>
std::string ToResult(const std::string& prefix, const Request& request, size_t max,
                     rpc::Validator& validator) {
  if (request.has_result_payload()) {
    return ToText(prefix + "result_payload", request.result_payload(), max, validator);
  }
  if (!request.has_result_json()) return "null";
  const std::string fault = ResultFault(request.result_json(), max);
  if (!fault.empty()) validator.Add(prefix + "result_json", fault);
  return request.result_json();
}

}  // namespace

absl::StatusOr<std::vector<Lease>> ToLeases(
    const google::protobuf::RepeatedPtrField<pb::Lease>& leases) {
  rpc::Validator validator;
  validator.Size("leases", leases.size(), 1, kMaxBatch);
  if (!validator.ok()) return validator.ToStatus();
  std::vector<Lease> checked;
  absl::flat_hash_set<std::string> seen;
  for (int i = 0; i < leases.size(); ++i) {
    const std::string prefix = absl::StrCat("leases[", i, "].");
    const pb::Lease& lease = leases[i];
    checked.push_back(ToLease(prefix, "job_id", lease.job_id(), lease.lease_token(), validator));
    if (!seen.insert(checked.back().job_id).second) {
      validator.Add(prefix + "job_id", kDuplicateJob);
    }
  }
  if (!validator.ok()) return validator.ToStatus();
  return checked;
}

JobFinish ToFinish(const std::string& prefix, const pb::CompleteJobRequest& request,
                   rpc::Validator& validator, WriteRight right) {
  JobFinish finish;
  finish.lease = ToLeaseOf(prefix, request, right, validator);
  finish.status = JobStatus::kCompleted;
  finish.result = ToResult(prefix, request, kMaxOutput, validator);
  return finish;
}

JobFinish ToFinish(const std::string& prefix, const pb::FailJobRequest& request,
                   rpc::Validator& validator, WriteRight right) {
  JobFinish finish;
  finish.lease = ToLeaseOf(prefix, request, right, validator);
  finish.status = JobStatus::kFailed;
  validator.Text(prefix + "code", request.code(), 1, kMaxCode);
  validator.Text(prefix + "message", request.message(), 0, kMaxMessage);
  std::string details;
  if (request.has_details()) {
    details = ToText(prefix + "details", request.details(), kMaxProgress, validator);
  }
  finish.is_retryable = request.retryable();
  if (request.has_retry_delay()) {
    validator.Span(prefix + "retry_delay", request.retry_delay());
    if (validator.ok()) finish.retry_delay = rpc::ToSpan(request.retry_delay());
    if (finish.retry_delay > kMaxStartDelay) {
      validator.Add(prefix + "retry_delay", "must be at most 366 days");
    }
  }
  if (validator.ok()) finish.result = ErrorObject(request.code(), request.message(), details);
  return finish;
}

JobFinish ToFinish(const pb::ReportProgressRequest& request, rpc::Validator& validator,
                   WriteRight right) {
  JobFinish finish;
  finish.lease = ToLeaseOf("", request, right, validator);
  finish.status = JobStatus::kProcessing;
  finish.result = ToResult("", request, kMaxProgress, validator);
  return finish;
}

absl::Status ResultError(const absl::Status& status, std::string_view field) {
  if (ErrorReason(status) != "INVALID_VALUE") return status;
  return InvalidFieldError(field, "is JSON that the database cannot store");
}

}  // namespace vibestack::job_service

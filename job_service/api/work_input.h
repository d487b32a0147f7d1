#ifndef VIBESTACK_JOB_SERVICE_API_WORK_INPUT_H_
#define VIBESTACK_JOB_SERVICE_API_WORK_INPUT_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/auth/caller.h"
#include "common/rpc/validator.h"
#include "job_service/domain/job.h"
#include "vibestack/job/v1/work.pb.h"

// What workers send, checked: each function adds a violation for whatever is wrong, the fields'
// names with `prefix` in front.
namespace vibestack::job_service {

namespace pb = job::v1;

// What is wrong with the second of two items of a batch that are about one job: which of them came
// first nobody could say.
inline constexpr char kJobOfAnotherItem[] = "is the job of another item, too";

// 1 to 1,000 leases, no job twice.
absl::StatusOr<std::vector<Lease>> ToLeases(
    const google::protobuf::RepeatedPtrField<pb::Lease>& leases);

// By what right a job is written: a worker's lease, whose token the request must have, or a run's
// callback token, with which the lease's is not looked at and becomes 0.
enum class WriteRight { kLease, kCallbackToken };

inline WriteRight RightOf(const auth::Caller& caller) {
  return caller.IsCallback() ? WriteRight::kCallbackToken : WriteRight::kLease;
}

JobFinish ToFinish(const std::string& prefix, const pb::CompleteJobRequest& request,
                   rpc::Validator& validator, WriteRight right = WriteRight::kLease);
JobFinish ToFinish(const std::string& prefix, const pb::FailJobRequest& request,
                   rpc::Validator& validator, WriteRight right = WriteRight::kLease);
JobFinish ToFinish(const pb::ReportProgressRequest& request, rpc::Validator& validator,
                   WriteRight right = WriteRight::kLease);

// The error of a write whose result the database refused though our own checks let it pass: names
// the field from which the result came. Other errors stay.
absl::Status ResultError(const absl::Status& status, std::string_view field);

// The field with the result of a request that has it in one of two forms.
template <typename Request>
const char* ResultField(const Request& request) {
  return request.has_result_json() ? "result_json" : "result_payload";
}

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_API_WORK_INPUT_H_

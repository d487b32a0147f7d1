#ifndef VIBESTACK_JOB_SERVICE_API_LEASE_REQUESTS_H_
#define VIBESTACK_JOB_SERVICE_API_LEASE_REQUESTS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/auth/caller.h"
#include "common/rpc/validator.h"
#include "job_service/domain/job.h"
#include "vibestack/job/v1/work.pb.h"

// Checks and converts the requests of workers. A function with a validator adds a violation for
// each invalid field; `prefix` precedes the names of the fields.
namespace vibestack::job_service {

namespace pb = job::v1;

// The violation of an item whose job another item of the batch has, too: the two items have no
// order.
inline constexpr char kDuplicateJob[] = "is the job of another item, too";

// Converts 1 to 1,000 leases of distinct jobs; else INVALID_ARGUMENT, which names all violations.
absl::StatusOr<std::vector<Lease>> ToLeases(
    const google::protobuf::RepeatedPtrField<pb::Lease>& leases);

// What allows the caller to write a job: a worker's lease, or a run's callback token. With kLease
// the request must have a lease token. With kCallbackToken the request's lease token is ignored,
// and Lease::token is 0.
enum class WriteRight { kLease, kCallbackToken };

inline WriteRight WriteRightOf(const auth::Caller& caller) {
  return caller.IsCallback() ? WriteRight::kCallbackToken : WriteRight::kLease;
}

JobFinish ToFinish(const std::string& prefix, const pb::CompleteJobRequest& request,
                   rpc::Validator& validator, WriteRight right = WriteRight::kLease);
JobFinish ToFinish(const std::string& prefix, const pb::FailJobRequest& request,
                   rpc::Validator& validator, WriteRight right = WriteRight::kLease);
JobFinish ToFinish(const pb::ReportProgressRequest& request, rpc::Validator& validator,
                   WriteRight right = WriteRight::kLease);

// Converts the error of a write: INVALID_VALUE, with which the database refused a result that the
// edge checks accepted, becomes a violation of `field`. Returns every other status as it is.
absl::Status ResultError(const absl::Status& status, std::string_view field);

// The name of the field that has the result of a request.
template <typename Request>
const char* ResultField(const Request& request) {
  return request.has_result_json() ? "result_json" : "result_payload";
}

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_API_LEASE_REQUESTS_H_

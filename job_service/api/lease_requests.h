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

// Checks and converts the requests of workers. Each function adds a violation for every invalid
// field; `prefix` precedes the names of the fields.
namespace vibestack::job_service {

namespace pb = job::v1;

// The violation of the second item for one job in a batch: the two items have no order.
inline constexpr char kDuplicateJob[] = "is also the job of an earlier item";

// Converts 1 to 1,000 leases of distinct jobs.
absl::StatusOr<std::vector<Lease>> ToLeases(
    const google::protobuf::RepeatedPtrField<pb::Lease>& leases);

// The right to write a job: the lease of a worker, whose token the request must have, or the
// callback token of a run. The latter ignores the lease token, which becomes 0.
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

// Converts the error of a write. When the database refused a result that our checks accepted, the
// error names `field`, from which the result came. Other errors are unchanged.
absl::Status ResultError(const absl::Status& status, std::string_view field);

// The name of the field that has the result, which has two forms.
template <typename Request>
const char* ResultField(const Request& request) {
  return request.has_result_json() ? "result_json" : "result_payload";
}

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_API_LEASE_REQUESTS_H_

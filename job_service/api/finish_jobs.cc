#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/rpc/grpc_status.h"
#include "job_service/api/access.h"
#include "job_service/api/convert.h"
#include "job_service/api/job_api.h"
#include "job_service/api/lease_requests.h"

namespace vibestack::job_service {
namespace {

constexpr int kMaxBatch = 1'000;

JobFinish FinishOf(const std::string& prefix, const pb::JobOutcome& outcome,
                   rpc::Validator& validator) {
  switch (outcome.outcome_case()) {
    case pb::JobOutcome::kComplete:
      return ToFinish(prefix + "complete.", outcome.complete(), validator);
    case pb::JobOutcome::kFail:
      return ToFinish(prefix + "fail.", outcome.fail(), validator);
    case pb::JobOutcome::OUTCOME_NOT_SET:
      break;
  }
  validator.Add(prefix + "outcome", "is required: `complete` or `fail`");
  return {};
}

absl::StatusOr<std::vector<JobFinish>> ToFinishes(const pb::BatchFinishJobsRequest& request) {
  rpc::Validator validator;
  validator.Size("outcomes", request.outcomes_size(), 1, kMaxBatch);
  if (!validator.ok()) return validator.ToStatus();
  std::vector<JobFinish> finishes;
  absl::flat_hash_set<std::string> seen;
  for (int i = 0; i < request.outcomes_size(); ++i) {
    const std::string prefix = absl::StrCat("outcomes[", i, "].");
    finishes.push_back(FinishOf(prefix, request.outcomes(i), validator));
    const std::string& job_id = finishes.back().lease.job_id;
    if (job_id.empty()) continue;
    if (!seen.insert(job_id).second) validator.Add(prefix + "outcome", kDuplicateJob);
  }
  if (!validator.ok()) return validator.ToStatus();
  return finishes;
}

// The name of the field of `outcome` that has the result or the error's details.
const char* ResultFieldOf(const pb::JobOutcome& outcome) {
  return outcome.has_fail() ? "details" : ResultField(outcome.complete());
}

}  // namespace

Task<absl::StatusOr<Job>> JobApi::FinishJob(Call& call, JobFinish finish) {
  if (!call.caller().IsCallback()) {
    co_return co_await stores_.finish.Finish(std::move(finish), call.WorkDeadline());
  }
  const absl::Status allowed = CheckCallback(call.caller(), finish.lease.job_id);
  if (!allowed.ok()) co_return allowed;
  RunReport report{finish.lease.job_id, call.caller().attempt,    call.caller().job_created_micros,
                   finish.status,       std::move(finish.result), finish.is_retryable,
                   finish.retry_delay};
  co_return co_await stores_.dispatch.FinishRun(std::move(report), call.WorkDeadline());
}

Task<absl::StatusOr<pb::Job>> JobApi::CompleteJob(Call& call,
                                                  const pb::CompleteJobRequest& request) {
  rpc::Validator validator;
  JobFinish finish = ToFinish("", request, validator, WriteRightOf(call.caller()));
  if (!validator.ok()) co_return validator.ToStatus();
  const absl::StatusOr<Job> job = co_await FinishJob(call, std::move(finish));
  if (job.ok()) co_return ToProto(*job, pb::BASIC);
  co_return ResultError(job.status(), ResultField(request));
}

Task<absl::StatusOr<pb::Job>> JobApi::FailJob(Call& call, const pb::FailJobRequest& request) {
  rpc::Validator validator;
  JobFinish finish = ToFinish("", request, validator, WriteRightOf(call.caller()));
  if (!validator.ok()) co_return validator.ToStatus();
  const absl::StatusOr<Job> job = co_await FinishJob(call, std::move(finish));
  if (job.ok()) co_return ToProto(*job, pb::BASIC);
  co_return ResultError(job.status(), "details");
}

Task<absl::StatusOr<pb::BatchFinishJobsResponse>> JobApi::BatchFinishJobs(
    Call& call, const pb::BatchFinishJobsRequest& request) {
  absl::StatusOr<std::vector<JobFinish>> finishes = ToFinishes(request);
  if (!finishes.ok()) co_return finishes.status();
  pb::BatchFinishJobsResponse response;
  for (const JobFinish& finish : *finishes) {
    response.add_results()->set_job_id(finish.lease.job_id);
  }
  const std::vector<absl::StatusOr<Job>> jobs =
      co_await stores_.finish.FinishAll(*std::move(finishes), call.WorkDeadline());
  for (int i = 0; i < request.outcomes_size(); ++i) {
    const absl::Status& status = jobs[static_cast<size_t>(i)].status();
    if (status.ok()) continue;
    *response.mutable_results(i)->mutable_error() =
        rpc::ToStatusProto(ResultError(status, ResultFieldOf(request.outcomes(i))));
  }
  co_return response;
}

}  // namespace vibestack::job_service

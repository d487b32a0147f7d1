#include <utility>

#include "common/base/uuid.h"
#include "job_service/api/access.h"
#include "job_service/api/convert.h"
#include "job_service/api/job_api.h"

namespace vibestack::job_service {
namespace {

constexpr int kMaxBatch = 1'000;

absl::Status CheckBatch(const pb::BatchGetJobsRequest& request) {
  rpc::Validator validator;
  validator.Size("ids", request.ids_size(), 1, kMaxBatch);
  CheckView(request.view(), validator);
  if (!validator.ok()) return validator.ToStatus();
  for (int i = 0; i < request.ids_size(); ++i) {
    validator.Id("ids[" + std::to_string(i) + "]", request.ids(i));
  }
  return validator.ToStatus();
}

}  // namespace

Task<absl::StatusOr<JobPtr>> JobApi::ReadJob(Call& call, std::string id, bool with_result) {
  const JobKey key{id, with_result};
  absl::StatusOr<JobPtr> job = co_await store_.Get(key, call.WorkDeadline());
  if (!job.ok()) co_return job;
  const absl::Status seen = CheckMaySee(call.caller(), id, job->get());
  if (!seen.ok()) co_return seen;
  co_return job;
}

Task<absl::StatusOr<pb::Job>> JobApi::GetJob(Call& call, const pb::GetJobRequest& request) {
  rpc::Validator validator;
  validator.Id("id", request.id());
  CheckView(request.view(), validator);
  if (!validator.ok()) co_return validator.ToStatus();
  const bool with_result = ShowsResult(request.view(), pb::FULL);
  const absl::StatusOr<JobPtr> job =
      co_await ReadJob(call, CanonicalUuid(request.id()), with_result);
  if (!job.ok()) co_return job.status();
  co_return ToProto(**job, request.view(), with_result);
}

Task<absl::StatusOr<pb::BatchGetJobsResponse>> JobApi::BatchGetJobs(
    Call& call, const pb::BatchGetJobsRequest& request) {
  const absl::Status valid = CheckBatch(request);
  if (!valid.ok()) co_return valid;
  const bool with_results = ShowsResult(request.view(), pb::BASIC);
  std::vector<JobKey> keys;
  for (const std::string& id : request.ids()) keys.push_back({CanonicalUuid(id), with_results});
  const absl::StatusOr<std::vector<JobPtr>> jobs =
      co_await store_.GetAll(keys, call.WorkDeadline());
  if (!jobs.ok()) co_return jobs.status();
  pb::BatchGetJobsResponse response;
  for (size_t i = 0; i < keys.size(); ++i) {
    const Job* job = (*jobs)[i].get();
    if (CheckMaySee(call.caller(), keys[i].id, job).ok()) {
      *response.add_jobs() = ToProto(*job, request.view(), with_results);
    } else {
      response.add_missing_ids(keys[i].id);
    }
  }
  co_return response;
}

}  // namespace vibestack::job_service

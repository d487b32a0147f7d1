#include <algorithm>
#include <utility>

#include "common/base/error.h"
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

// The response with `jobs` in the order of `keys`. A job is null if it does not exist or the caller
// may not see it. `full` are the first of the other jobs, read again with their results.
pb::BatchGetJobsResponse ToBatch(const std::vector<JobKey>& keys, std::vector<JobPtr>& jobs,
                                 const std::vector<JobPtr>& full, pb::JobView view) {
  pb::BatchGetJobsResponse response;
  const bool with_results = ShowsResult(view, pb::BASIC);
  auto next = full.begin();
  size_t bytes = 0;
  for (size_t i = 0; i < keys.size(); ++i) {
    const bool is_full = jobs[i] != nullptr && next != full.end();
    if (is_full) jobs[i] = *next++;
    if (jobs[i] == nullptr) {
      response.add_missing_ids(keys[i].id);
      continue;
    }
    pb::Job job = ToProto(*jobs[i], view);
    bool is_omitted = with_results && !is_full;
    if (is_full) {
      const size_t size = job.ByteSizeLong();
      // The store bounds the text of the results, and a Value takes up to 3.7 times as much.
      is_omitted = bytes > 0 && bytes + size > kMaxPageBytes;
      if (is_omitted) {
        job = ToProto(*jobs[i], view, /*with_result=*/false);
      } else {
        bytes += size;
      }
    }
    *response.add_jobs() = std::move(job);
    if (is_omitted) response.add_omitted_result_ids(keys[i].id);
  }
  return response;
}

}  // namespace

Task<absl::StatusOr<JobPtr>> JobApi::ReadJob(Call& call, std::string id, bool with_result,
                                             bool with_input) {
  const JobKey key{id, with_result, with_input};
  absl::StatusOr<JobPtr> job = co_await stores_.read.Get(key, call.WorkDeadline());
  if (!job.ok()) co_return job;
  const absl::Status seen = CheckMaySeeJob(call.caller(), id, job->get());
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
      co_await ReadJob(call, CanonicalUuid(request.id()), with_result, with_result);
  if (!job.ok()) co_return job.status();
  pb::Job response = ToProto(**job, request.view(), with_result);
  if (with_result) {
    AddAttempts(**job, *options_.workflows(), response);
    const size_t used = std::min(response.ByteSizeLong(), kMaxResponseBytes);
    AddInput(**job, request.view(), kMaxResponseBytes - used, response);
  }
  co_return response;
}

Task<absl::StatusOr<pb::BatchGetJobsResponse>> JobApi::BatchGetJobs(
    Call& call, const pb::BatchGetJobsRequest& request) {
  const absl::Status valid = CheckBatch(request);
  if (!valid.ok()) co_return valid;
  std::vector<JobKey> keys;
  for (const std::string& id : request.ids()) keys.push_back({CanonicalUuid(id)});
  absl::StatusOr<std::vector<JobPtr>> jobs =
      co_await stores_.read.GetAll(keys, call.WorkDeadline());
  if (!jobs.ok()) co_return jobs.status();
  std::vector<std::string> seen;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!CheckMaySeeJob(call.caller(), keys[i].id, (*jobs)[i].get()).ok()) (*jobs)[i] = nullptr;
    if ((*jobs)[i] != nullptr) seen.push_back(keys[i].id);
  }
  std::vector<JobPtr> full;
  if (ShowsResult(request.view(), pb::BASIC) && !seen.empty()) {
    absl::StatusOr<std::vector<JobPtr>> read =
        co_await stores_.read.GetUpTo(std::move(seen), call.WorkDeadline());
    if (!read.ok()) co_return read.status();
    full = *std::move(read);
  }
  co_return ToBatch(keys, *jobs, full, request.view());
}

Task<absl::StatusOr<google::api::HttpBody>> JobApi::GetJobResult(
    Call& call, const pb::GetJobResultRequest& request) {
  rpc::Validator validator;
  validator.Id("id", request.id());
  if (!validator.ok()) co_return validator.ToStatus();
  const absl::StatusOr<JobPtr> job = co_await ReadJob(call, CanonicalUuid(request.id()), true);
  if (!job.ok()) co_return job.status();
  if ((*job)->payload_too_large) {
    co_return FailedPreconditionError(
        "RESULT_TOO_LARGE", "another program stored a result that is too large to be sent");
  }
  if (!(*job)->result.has_value()) {
    co_return FailedPreconditionError("NO_RESULT", "the job has no result yet");
  }
  google::api::HttpBody body;
  body.set_content_type("application/json");
  body.set_data(*(*job)->result);
  co_return body;
}

}  // namespace vibestack::job_service

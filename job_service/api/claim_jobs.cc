#include <algorithm>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/time/clock.h"
#include "job_service/api/convert.h"
#include "job_service/api/job_api.h"
#include "job_service/api/waiting.h"

namespace vibestack::job_service {
namespace {

constexpr int kMaxWorkflows = 100;
constexpr int kMaxJobs = 1'000;

absl::StatusOr<ClaimRequest> ToClaim(const pb::ClaimJobsRequest& request) {
  rpc::Validator validator;
  validator.Size("workflow_ids", request.workflow_ids_size(), 1, kMaxWorkflows);
  if (request.max_jobs() < 0) validator.Add("max_jobs", "must not be negative");
  if (request.has_wait()) validator.Span("wait", request.wait());
  CheckView(request.view(), validator);
  if (!validator.ok()) return validator.ToStatus();
  ClaimRequest claim;
  claim.limit = request.max_jobs() == 0 ? 1 : std::min(request.max_jobs(), kMaxJobs);
  absl::flat_hash_set<std::string> seen;
  for (int i = 0; i < request.workflow_ids_size(); ++i) {
    const std::string& workflow_id = request.workflow_ids(i);
    validator.Text("workflow_ids[" + std::to_string(i) + "]", workflow_id, 1, kMaxWorkflowId);
    if (seen.insert(workflow_id).second) claim.workflow_ids.push_back(workflow_id);
  }
  if (!validator.ok()) return validator.ToStatus();
  return claim;
}

// INVALID_ARGUMENT if one of the workflows is pushed: workers cannot claim its jobs.
absl::Status CheckPulled(const WorkflowSet& workflows, const ClaimRequest& claim) {
  rpc::Validator validator;
  for (const std::string& workflow_id : claim.workflow_ids) {
    if (workflows.FindPush(workflow_id) == nullptr) continue;
    validator.Add("workflow_ids", "names a pushed workflow; workers cannot claim its jobs");
    break;
  }
  return validator.ToStatus();
}

// The claim without the workflows that are paused.
ClaimRequest WithoutPaused(const WorkflowSet& workflows, ClaimRequest claim) {
  std::erase_if(claim.workflow_ids,
                [&workflows](const std::string& id) { return workflows.IsPaused(id); });
  return claim;
}

// Adds the inputs of the jobs to the response, which has everything else, such as the errors.
// Inputs that CreateJob has stored fit as text (GetJobsUpTo). A Value is larger than its text, so
// an input becomes a Value only if the texts of the later inputs still fit.
void AddInputs(const std::vector<Job>& jobs, pb::JobView view, pb::ClaimJobsResponse& response) {
  size_t later_bytes = 0;
  for (const Job& job : jobs) later_bytes += job.input.value_or("").size();
  size_t used_bytes = response.ByteSizeLong();
  for (size_t i = 0; i < jobs.size(); ++i) {
    if (!jobs[i].input.has_value()) continue;
    pb::Job& job = *response.mutable_jobs(static_cast<int>(i))->mutable_job();
    later_bytes -= jobs[i].input->size();
    const size_t taken = std::min(used_bytes + later_bytes, kMaxResponseBytes);
    AddInput(jobs[i], view, kMaxResponseBytes - taken, job);
    used_bytes += job.input().ByteSizeLong() + job.input_json().size();
  }
}

}  // namespace

Task<absl::StatusOr<pb::ClaimJobsResponse>> JobApi::ClaimJobs(Call& call,
                                                              const pb::ClaimJobsRequest& request) {
  absl::StatusOr<ClaimRequest> claim = ToClaim(request);
  if (!claim.ok()) co_return claim.status();
  const absl::Duration wait =
      request.has_wait() ? rpc::ToSpan(request.wait()) : absl::ZeroDuration();
  const absl::Time end = WaitEnd(call.deadline(), wait, absl::Now());
  const absl::StatusOr<std::vector<Job>> jobs = co_await ClaimOrWait(call, *std::move(claim), end);
  if (!jobs.ok()) co_return jobs.status();
  const WorkflowSetPtr workflows = options_.workflows();
  const bool with_input = request.view() != pb::BASIC;
  pb::ClaimJobsResponse response;
  for (const Job& job : *jobs) {
    pb::ClaimedJob& claimed = *response.add_jobs();
    *claimed.mutable_job() = ToProto(job, pb::BASIC, /*with_result=*/false);
    if (with_input) AddAttempts(job, *workflows, *claimed.mutable_job());
    claimed.set_lease_token(LeaseToken(job));
    *claimed.mutable_lease_expires_at() =
        rpc::ToTimestamp(job.updated_at + workflows->LeaseDuration(job.workflow_id));
  }
  if (with_input) AddInputs(*jobs, request.view(), response);
  co_return response;
}

Task<absl::StatusOr<std::vector<Job>>> JobApi::ClaimOrWait(Call& call, ClaimRequest claim,
                                                           absl::Time end) {
  // Set when the service stops. The call then claims a last time and answers, even without jobs.
  bool stopping = false;
  while (true) {
    auto waker = std::make_shared<Waker>();
    const JobSubscriptions::Subscription subscription =
        job_subscriptions_.SubscribeToWorkflows(claim.workflow_ids, claim.limit, waker);
    if (call.cancelled()) {
      // This call may have used up a wake-up: wake the next waiting claim instead.
      job_subscriptions_.WakeNext(claim.workflow_ids);
      co_return rpc::ClientGoneError();
    }
    const absl::Status pulled = CheckPulled(*options_.workflows(), claim);
    if (!pulled.ok()) co_return pulled;
    ClaimRequest active = WithoutPaused(*options_.workflows(), claim);
    absl::StatusOr<std::vector<Job>> jobs = std::vector<Job>();
    if (!active.workflow_ids.empty()) {
      jobs = co_await stores_.claim.Claim(std::move(active), call.WorkDeadline());
    }
    if (!jobs.ok()) co_return jobs;
    if ((call.cancelled() || absl::Now() >= call.deadline()) && !jobs->empty()) {
      // Release the jobs: otherwise nobody processes them until their leases expire.
      co_await stores_.claim.ReleaseUndelivered(*std::move(jobs));
      co_return rpc::ClientGoneError();
    }
    // More jobs may be pending, and their change event may have woken this call only. A claim with
    // inputs may have ended at 2 MiB of them.
    const bool has_inputs = std::any_of(jobs->begin(), jobs->end(),
                                        [](const Job& job) { return job.input.has_value(); });
    if (static_cast<int>(jobs->size()) == claim.limit || has_inputs)
      job_subscriptions_.WakeNext(claim.workflow_ids);
    const absl::Time now = absl::Now();
    if (!jobs->empty() || stopping || now >= end) co_return jobs;
    const absl::Time until = std::min(end, now + options_.poll_interval);
    const Wake reason = co_await WaitFor(call, waker, until);
    if (reason == Wake::kGone) co_return rpc::ClientGoneError();
    stopping = reason == Wake::kStopping;
  }
}

}  // namespace vibestack::job_service

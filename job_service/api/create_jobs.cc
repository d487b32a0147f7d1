#include <algorithm>
#include <set>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/async/gather.h"
#include "common/base/error.h"
#include "common/base/uuid.h"
#include "job_service/api/access.h"
#include "job_service/api/convert.h"
#include "job_service/api/job_api.h"
#include "job_service/api/json_text.h"
#include "job_service/api/value_to_json.h"
#include "job_service/domain/unique_key.h"

namespace vibestack::job_service {
namespace {

constexpr int kMaxBatch = 1'000;
constexpr int kMaxMaxAttempts = 1'000;

// The input as JSON text; empty if the request has none.
std::string ToInput(const std::string& prefix, const pb::CreateJobRequest& request,
                    size_t max_input, rpc::Validator& validator) {
  std::string input;
  std::string field = prefix + "input";
  if (request.has_input()) input = ValueToJson(field, request.input(), validator);
  if (request.has_input_json()) {
    field += "_json";
    input = request.input_json();
    const std::string fault = JsonFault(input);
    if (!fault.empty()) validator.Add(field, fault);
  }
  if (validator.ok() && std::max(input.size(), JsonbTextSize(input)) > max_input) {
    validator.Add(field, absl::StrCat("must have at most ", max_input,
                                      " bytes of JSON text, with its numbers written out"));
  }
  return input;
}

// Reads when the job may start.
void ReadStart(const std::string& prefix, const pb::CreateJobRequest& request, NewJob& job,
               rpc::Validator& validator) {
  constexpr char kTooFar[] = "must be at most 366 days ahead";
  if (request.has_delay()) {
    validator.Span(prefix + "delay", request.delay());
    if (!validator.ok()) return;
    const absl::Duration delay = rpc::ToSpan(request.delay());
    if (delay > kMaxStartDelay) validator.Add(prefix + "delay", kTooFar);
    if (delay > absl::ZeroDuration()) job.delay = delay;
  }
  if (request.has_not_before()) {
    validator.Time(prefix + "not_before", request.not_before());
    if (!validator.ok()) return;
    const absl::Time time = rpc::ToTime(request.not_before());
    const absl::Time now = absl::Now();
    if (time > now + kMaxStartDelay) validator.Add(prefix + "not_before", kTooFar);
    if (time > now) job.not_before = time;
  }
}

// The id: the caller's, that of the unique key, or a new one. The other fields of `job` are set.
std::string ToId(const std::string& prefix, const pb::CreateJobRequest& request, const NewJob& job,
                 rpc::Validator& validator) {
  const std::string& key = request.unique_key();
  if (key.empty()) {
    if (request.id().empty()) return NewUuid();
    validator.NewId(prefix + "id", request.id());
    return CanonicalUuid(request.id());
  }
  validator.Text(prefix + "unique_key", key, 1, kMaxUniqueKey);
  if (key.size() > kMaxUniqueKey) {
    validator.Add(prefix + "unique_key", "must have at most 200 bytes");
  }
  if (!request.id().empty()) validator.Add(prefix + "unique_key", "excludes `id`");
  return IdOfUniqueKey(job.user_id, job.workflow_id, key);
}

// Checks and converts a request. `prefix` precedes the names of its fields.
NewJob ToNewJob(const auth::Caller& caller, const std::string& prefix,
                const pb::CreateJobRequest& request, const JobApi::Options& options,
                rpc::Validator& validator) {
  NewJob job;
  job.user_id = ResolveUser(caller, prefix + "user_id", request.user_id(), validator);
  validator.Text(prefix + "workflow_id", request.workflow_id(), 1, kMaxWorkflowId);
  job.workflow_id = request.workflow_id();
  job.id = ToId(prefix, request, job, validator);
  job.input = ToInput(prefix, request, options.max_input, validator);
  if (request.max_attempts() < 0 || request.max_attempts() > kMaxMaxAttempts) {
    validator.Add(prefix + "max_attempts", "must be 0 to 1000");
  } else if (request.max_attempts() > 0) {
    job.max_attempts =
        std::min(request.max_attempts(), options.workflows()->MaxAttempts(job.workflow_id));
  }
  ReadStart(prefix, request, job, validator);
  return job;
}

// Checks and converts a batch: its size, each item, and that the ids are distinct.
absl::StatusOr<std::vector<NewJob>> ToNewJobs(const auth::Caller& caller,
                                              const pb::BatchCreateJobsRequest& request,
                                              const JobApi::Options& options) {
  rpc::Validator validator;
  validator.Size("requests", request.requests_size(), 1, kMaxBatch);
  if (!validator.ok()) return validator.ToStatus();
  std::vector<NewJob> jobs;
  absl::flat_hash_set<std::string> ids;
  for (int i = 0; i < request.requests_size(); ++i) {
    const std::string prefix = absl::StrCat("requests[", i, "].");
    jobs.push_back(ToNewJob(caller, prefix, request.requests(i), options, validator));
    if (!ids.insert(jobs.back().id).second) {
      validator.Add(prefix + "id", "is also the id of an earlier item");
    }
  }
  if (!validator.ok()) return validator.ToStatus();
  for (const NewJob& job : jobs) {
    const absl::Status allowed = CheckMayNameUser(caller, job.user_id);
    if (!allowed.ok()) return allowed;
  }
  return jobs;
}

// OK when the user exists and is active. The caller's own account is not looked up. NOT_FOUND
// (USER_NOT_FOUND), FAILED_PRECONDITION (ACCOUNT_INACTIVE), or the errors of `owners`.
Task<absl::Status> CheckOwner(rpc::AccountSource& owners, const auth::Caller& caller,
                              const std::string& user_id, absl::Time deadline) {
  if (caller.Is(user_id)) co_return absl::OkStatus();
  const absl::StatusOr<auth::AccountState> owner = co_await owners.Find(user_id, deadline);
  if (!owner.ok()) co_return owner.status();
  if (!owner->exists) co_return NotFoundError("user", user_id);
  if (!owner->is_active) {
    co_return FailedPreconditionError("ACCOUNT_INACTIVE", "the user's account is not active");
  }
  co_return absl::OkStatus();
}

// The same for the users of several jobs, concurrently.
Task<absl::Status> CheckOwners(rpc::AccountSource& owners, const auth::Caller& caller,
                               const std::vector<NewJob>& jobs, absl::Time deadline) {
  std::set<std::string> user_ids;
  for (const NewJob& job : jobs) user_ids.insert(job.user_id);
  std::vector<Task<absl::Status>> checks;
  checks.reserve(user_ids.size());
  for (const std::string& user_id : user_ids) {
    checks.push_back(CheckOwner(owners, caller, user_id, deadline));
  }
  const std::vector<absl::Status> outcomes = co_await Gather(std::move(checks));
  for (const absl::Status& outcome : outcomes) {
    if (!outcome.ok()) co_return outcome;
  }
  co_return absl::OkStatus();
}

}  // namespace

Task<absl::StatusOr<pb::Job>> JobApi::CreateJob(Call& call, const pb::CreateJobRequest& request) {
  rpc::Validator validator;
  NewJob job = ToNewJob(call.caller(), "", request, options_, validator);
  if (!validator.ok()) co_return validator.ToStatus();
  const absl::Status allowed = CheckMayNameUser(call.caller(), job.user_id);
  if (!allowed.ok()) co_return allowed;
  const absl::Time deadline = call.WorkDeadline();
  const absl::Status owner = co_await CheckOwner(owners_, call.caller(), job.user_id, deadline);
  if (!owner.ok()) co_return owner;
  const absl::StatusOr<Creation> creation =
      co_await stores_.create.Create(std::move(job), deadline);
  if (!creation.ok()) co_return creation.status();
  pb::Job response = ToProto(*creation->job, pb::FULL);
  AddAttempts(*creation->job, *options_.workflows(), response);
  co_return response;
}

Task<absl::StatusOr<pb::BatchCreateJobsResponse>> JobApi::BatchCreateJobs(
    Call& call, const pb::BatchCreateJobsRequest& request) {
  const absl::StatusOr<std::vector<NewJob>> jobs = ToNewJobs(call.caller(), request, options_);
  if (!jobs.ok()) co_return jobs.status();
  const absl::Time deadline = call.WorkDeadline();
  const absl::Status owner = co_await CheckOwners(owners_, call.caller(), *jobs, deadline);
  if (!owner.ok()) co_return owner;
  const absl::StatusOr<std::vector<Creation>> creations =
      co_await stores_.create.CreateAll(*jobs, deadline);
  if (!creations.ok()) co_return creations.status();
  pb::BatchCreateJobsResponse response;
  for (const Creation& creation : *creations) {
    *response.add_jobs() = ToProto(*creation.job, pb::FULL);
  }
  co_return response;
}

}  // namespace vibestack::job_service

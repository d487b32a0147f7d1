#include <set>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/async/gather.h"
#include "common/base/error.h"
#include "common/base/uuid.h"
#include "job_service/api/access.h"
#include "job_service/api/convert.h"
#include "job_service/api/job_api.h"
#include "job_service/api/json_text.h"
#include "job_service/api/value_to_json.h"

namespace vibestack::job_service {
namespace {

constexpr int kMaxBatch = 1'000;

// Checks and converts a request. `prefix` precedes the names of its fields.
NewJob ToNewJob(const auth::Caller& caller, const std::string& prefix,
                const pb::CreateJobRequest& request, rpc::Validator& validator) {
  NewJob job;
  if (request.id().empty()) {
    job.id = NewUuid();
  } else {
    validator.NewId(prefix + "id", request.id());
    job.id = CanonicalUuid(request.id());
  }
  job.user_id = ResolveUser(caller, prefix + "user_id", request.user_id(), validator);
  validator.Text(prefix + "workflow_id", request.workflow_id(), 1, kMaxWorkflowId);
  job.workflow_id = request.workflow_id();
  if (!prefix.empty()) {
    constexpr char kAlone[] = "is allowed only in CreateJob";
    if (request.has_input()) validator.Add(prefix + "input", kAlone);
    if (request.has_input_json()) validator.Add(prefix + "input_json", kAlone);
  }
  return job;
}

// The input as JSON text; empty if the request has none.
std::string ToInput(const pb::CreateJobRequest& request, rpc::Validator& validator) {
  switch (request.input_form_case()) {
    case pb::CreateJobRequest::kInput:
      return ValueToJson("input", request.input(), validator);
    case pb::CreateJobRequest::kInputJson: {
      const std::string fault = JsonFault(request.input_json());
      if (!fault.empty()) validator.Add("input_json", fault);
      return request.input_json();
    }
    case pb::CreateJobRequest::INPUT_FORM_NOT_SET:
      break;
  }
  return "";
}

// Checks and converts a batch: its size, each item, and that the ids are distinct.
absl::StatusOr<std::vector<NewJob>> ToNewJobs(const auth::Caller& caller,
                                              const pb::BatchCreateJobsRequest& request) {
  rpc::Validator validator;
  validator.Size("requests", request.requests_size(), 1, kMaxBatch);
  if (!validator.ok()) return validator.ToStatus();
  std::vector<NewJob> jobs;
  absl::flat_hash_set<std::string> ids;
  for (int i = 0; i < request.requests_size(); ++i) {
    const std::string prefix = absl::StrCat("requests[", i, "].");
    jobs.push_back(ToNewJob(caller, prefix, request.requests(i), validator));
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
  NewJob job = ToNewJob(call.caller(), "", request, validator);
  std::string input = ToInput(request, validator);
  if (!validator.ok()) co_return validator.ToStatus();
  const absl::Status allowed = CheckMayNameUser(call.caller(), job.user_id);
  if (!allowed.ok()) co_return allowed;
  const absl::Time deadline = call.WorkDeadline();
  const absl::Status owned = co_await CheckOwner(owners_, call.caller(), job.user_id, deadline);
  if (!owned.ok()) co_return owned;
  if (!input.empty()) co_return co_await CreateWithInput(call, std::move(job), std::move(input));
  const absl::StatusOr<Creation> creation =
      co_await stores_.create.Create(std::move(job), deadline);
  if (!creation.ok()) co_return creation.status();
  co_return ToProto(*creation->job, pb::FULL);
}

Task<absl::StatusOr<pb::BatchCreateJobsResponse>> JobApi::BatchCreateJobs(
    Call& call, const pb::BatchCreateJobsRequest& request) {
  const absl::StatusOr<std::vector<NewJob>> jobs = ToNewJobs(call.caller(), request);
  if (!jobs.ok()) co_return jobs.status();
  const absl::Time deadline = call.WorkDeadline();
  const absl::Status owned = co_await CheckOwners(owners_, call.caller(), *jobs, deadline);
  if (!owned.ok()) co_return owned;
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

#include "job_service/store/dispatch_store.h"

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

#include "common/base/error.h"
#include "job_service/domain/errors.h"
#include "job_service/domain/job_error.h"
#include "job_service/store/read_store.h"
#include "job_service/store/rows.h"
#include "job_service/store/sql.h"

namespace vibestack::job_service {
namespace {

using Ids = std::vector<std::string>;
using Jobs = std::vector<Job>;

Ids ReadIds(const pqxx::result& rows) {
  Ids ids;
  for (const pqxx::row& row : rows) ids.emplace_back(row[0].c_str());
  return ids;
}

// Parameters with the ids of the pushed workflows and, for each, a duration in microseconds.
// std::nullopt if no workflow is pushed.
std::optional<db::Params> PushedParams(
    const WorkflowSet& workflows, const std::function<absl::Duration(const Push&)>& duration_of) {
  db::ArrayBuilder ids;
  db::ArrayBuilder durations;
  bool any = false;
  for (const auto& [id, workflow] : workflows.all()) {
    if (!workflow.push.has_value()) continue;
    any = true;
    ids.Add(id);
    durations.Add(std::to_string(absl::ToInt64Microseconds(duration_of(*workflow.push))));
  }
  if (!any) return std::nullopt;
  db::Params params;
  params.Add(ids.Finish()).Add(durations.Finish());
  return params;
}

// The result of a callback whose job is neither pending nor processing.
absl::StatusOr<Job> AnswerEnded(db::Session& session, const std::string& job_id, JobStatus status,
                                const std::string& result) {
  db::Params params;
  params.Add(db::EncodeArray(Ids{job_id})).Add(db::EncodeArray(Ids{result}));
  const auto rows = session.Exec(sql::kCompareResults, params);
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return NotFoundError("job", job_id);
  Job job = ReadJob((*rows)[0]);
  if (!IsTerminal(job.status)) {
    return ConflictError();
  }
  const bool same = job.result.has_value() && job.status == status;
  job.result.reset();
  if (same) return job;
  return FailedPreconditionError("JOB_TERMINAL", "the job has ended with another outcome");
}

constexpr char kAwaitsInput[] = R"({"awaiting": "input"})";
constexpr char kAwaitsAcceptance[] = R"({"awaiting": "acceptance"})";

// Whether a call that has the input is dispatching the job, or will.
bool IsDispatchedElsewhere(const Job& job) {
  return job.status == JobStatus::kPending &&
         (job.result == kAwaitsInput || job.result == kAwaitsAcceptance);
}

// The result for an existing job that could not be taken over.
absl::StatusOr<CreationWithInput> AnswerExisting(db::Session& session, const NewJob& job) {
  const std::vector<JobKey> keys = {JobKey{job.id, true}};
  const absl::StatusOr<std::vector<JobPtr>> rows = GetJobs(session, keys);
  if (!rows.ok()) return rows.status();
  const JobPtr existing = rows->front();
  if (existing == nullptr) {
    return ConflictError();
  }
  if (existing->user_id != job.user_id || existing->workflow_id != job.workflow_id) {
    return IdTakenError();
  }
  return CreationWithInput{*existing, false, IsDispatchedElsewhere(*existing)};
}

absl::StatusOr<CreationWithInput> CreateOrTakeOver(db::Session& session, const NewJob& job,
                                                   absl::Duration visibility_timeout) {
  db::Params create;
  create.Add(job.id).Add(job.user_id).Add(job.workflow_id);
  const auto created = session.Exec(sql::kCreateWithInput, create);
  if (ErrorReason(created.status()) == "REFERENCE_MISSING")
    return NotFoundError("user", job.user_id);
  if (!created.ok()) return created.status();
  if (!created->empty()) return CreationWithInput{ReadJob((*created)[0]), true, false, true};
  db::Params take;
  take.Add(job.id)
      .Add(job.user_id)
      .Add(job.workflow_id)
      .Add(absl::ToInt64Microseconds(visibility_timeout));
  const auto taken = session.Exec(sql::kTakeWithInput, take);
  if (!taken.ok()) return taken.status();
  if (!taken->empty()) return CreationWithInput{ReadJob((*taken)[0]), true, false};
  return AnswerExisting(session, job);
}

}  // namespace

void DispatchStore::PublishChanged(std::vector<std::string> ids) const {
  JobChanges changes;
  changes.changed = std::move(ids);
  context_.Publish(std::move(changes));
}

Task<absl::StatusOr<Jobs>> DispatchStore::Claim(std::string workflow_id, int limit,
                                                absl::Duration visibility_timeout,
                                                absl::Time deadline) {
  std::function<absl::StatusOr<Jobs>(db::Session&)> work =
      [&](db::Session& session) -> absl::StatusOr<Jobs> {
    db::Params params;
    params.Add(workflow_id).Add(int64_t{limit}).Add(absl::ToInt64Microseconds(visibility_timeout));
    const auto rows = session.Exec(sql::kClaimDispatches, params);
    if (!rows.ok()) return rows.status();
    return ReadJobs(*rows);
  };
  // Not repeated: if the connection breaks, any replica may claim the jobs after their visibility
  // timeout.
  absl::StatusOr<Jobs> jobs =
      co_await context_.pool.Run<Jobs>(deadline, db::Repeat::kNever, std::move(work));
  if (!jobs.ok()) co_return jobs;
  std::sort(jobs->begin(), jobs->end(), [](const Job& a, const Job& b) {
    return std::tie(a.created_at, a.id) < std::tie(b.created_at, b.id);
  });
  co_return jobs;
}

Task<absl::StatusOr<Jobs>> DispatchStore::Renew(std::vector<Lease> claimed, absl::Time deadline) {
  db::ArrayBuilder ids;
  db::ArrayBuilder tokens;
  for (const Lease& lease : claimed) {
    ids.Add(lease.job_id);
    tokens.Add(std::to_string(lease.token));
  }
  db::Params params;
  params.Add(ids.Finish()).Add(tokens.Finish());
  std::function<absl::StatusOr<Jobs>(db::Session&)> work =
      [&params](db::Session& session) -> absl::StatusOr<Jobs> {
    const auto rows = session.Exec(sql::kRenewDispatches, params);
    if (!rows.ok()) return rows.status();
    return ReadJobs(*rows);
  };
  co_return co_await context_.pool.Run<Jobs>(deadline, db::Repeat::kNever, std::move(work));
}

Task<absl::StatusOr<bool>> DispatchStore::Settle(Lease claimed, JobStatus status,
                                                 std::optional<std::string> result,
                                                 absl::Time deadline) {
  std::function<absl::StatusOr<bool>(db::Session&)> work =
      [&](db::Session& session) -> absl::StatusOr<bool> {
    db::Params params;
    params.Add(claimed.job_id).Add(claimed.token).Add(JobStatusName(status)).Add(result);
    const auto rows = session.Exec(sql::kSettleDispatch, params);
    if (!rows.ok()) return rows.status();
    return !rows->empty();
  };
  const absl::StatusOr<bool> settled =
      co_await context_.pool.Run<bool>(deadline, db::Repeat::kSafe, std::move(work));
  if (settled.ok()) PublishChanged({claimed.job_id});
  if (settled.ok() && *settled) context_.job_metrics.RecordFinished(status);
  co_return settled;
}

Task<absl::StatusOr<CreationWithInput>> DispatchStore::CreateWithInput(
    NewJob job, absl::Duration visibility_timeout, absl::Time deadline) {
  std::function<absl::StatusOr<CreationWithInput>(db::Session&)> work = [&](db::Session& session) {
    return CreateOrTakeOver(session, job, visibility_timeout);
  };
  // Not repeated: the second run would find the row of the first and take it for another call's.
  absl::StatusOr<CreationWithInput> creation =
      co_await context_.pool.Run<CreationWithInput>(deadline, db::Repeat::kNever, std::move(work));
  if (creation.ok() && creation->dispatch_now) PublishChanged({creation->job.id});
  if (creation.ok() && creation->created) context_.job_metrics.RecordCreated(1);
  co_return creation;
}

Task<absl::StatusOr<bool>> DispatchStore::AwaitInput(Lease claimed, absl::Time deadline) {
  std::optional<std::string> mark = kAwaitsInput;
  co_return co_await Settle(std::move(claimed), JobStatus::kPending, std::move(mark), deadline);
}

Task<absl::StatusOr<Job>> DispatchStore::FinishRun(std::string job_id, JobStatus status,
                                                   std::string result, absl::Time deadline) {
  std::function<absl::StatusOr<Job>(db::Session&)> work =
      [&](db::Session& session) -> absl::StatusOr<Job> {
    db::Params params;
    params.Add(job_id).Add(JobStatusName(status)).Add(result);
    const auto rows = session.Exec(sql::kFinishRun, params);
    if (!rows.ok()) return rows.status();
    if (!rows->empty()) return ReadJob((*rows)[0]);
    return AnswerEnded(session, job_id, status, result);
  };
  absl::StatusOr<Job> job =
      co_await context_.pool.Run<Job>(deadline, db::Repeat::kSafe, std::move(work));
  if (job.ok()) PublishChanged({job->id});
  if (job.ok()) context_.job_metrics.RecordFinished(status);
  co_return job;
}

Task<absl::StatusOr<Job>> DispatchStore::ReportRun(std::string job_id,
                                                   std::optional<std::string> progress,
                                                   absl::Time deadline) {
  std::function<absl::StatusOr<Job>(db::Session&)> work =
      [&](db::Session& session) -> absl::StatusOr<Job> {
    db::Params params;
    params.Add(job_id).Add(progress);
    const auto rows = session.Exec(sql::kReportRun, params);
    if (!rows.ok()) return rows.status();
    if (!rows->empty()) return ReadJob((*rows)[0]);
    const std::vector<JobKey> keys = {JobKey{job_id, false}};
    const absl::StatusOr<std::vector<JobPtr>> present = GetJobs(session, keys);
    if (!present.ok()) return present.status();
    if (present->front() == nullptr) return NotFoundError("job", job_id);
    if (!IsTerminal(present->front()->status)) {
      return FailedPreconditionError("RUN_GIVEN_UP",
                                     "the job is pending again and waits for another run");
    }
    return FailedPreconditionError("JOB_TERMINAL", "the job has ended");
  };
  absl::StatusOr<Job> job =
      co_await context_.pool.Run<Job>(deadline, db::Repeat::kSafe, std::move(work));
  if (job.ok()) PublishChanged({job->id});
  co_return job;
}

Task<absl::StatusOr<int>> DispatchStore::FailJobs(const db::Statement& statement, db::Params params,
                                                  absl::Time deadline) {
  std::function<absl::StatusOr<Ids>(db::Session&)> work =
      [&](db::Session& session) -> absl::StatusOr<Ids> {
    const auto rows = session.Exec(statement, params);
    if (!rows.ok()) return rows.status();
    return ReadIds(*rows);
  };
  absl::StatusOr<Ids> failed =
      co_await context_.pool.Run<Ids>(deadline, db::Repeat::kSafe, std::move(work));
  if (!failed.ok()) co_return failed.status();
  const int count = static_cast<int>(failed->size());
  context_.job_metrics.RecordFinished(JobStatus::kFailed, failed->size());
  PublishChanged(*std::move(failed));
  co_return count;
}

Task<absl::StatusOr<int>> DispatchStore::ExpireRuns(int limit, absl::Time deadline) {
  std::optional<db::Params> params = PushedParams(
      *context_.options.workflows(), [](const Push& push) { return push.processing_timeout; });
  if (!params.has_value()) co_return 0;
  params->Add(int64_t{limit});
  params->Add(ErrorResult("PROCESSING_TIMEOUT", "the run did not call back in time", ""));
  co_return co_await FailJobs(sql::kExpireRuns, *std::move(params), deadline);
}

Task<absl::StatusOr<int>> DispatchStore::FailAwaitingInput(int limit, absl::Time deadline) {
  std::optional<db::Params> params = PushedParams(
      *context_.options.workflows(),
      [](const Push& push) { return push.dispatch_timeout + push.VisibilityTimeout(); });
  if (!params.has_value()) co_return 0;
  params->Add(int64_t{limit});
  params->Add(ErrorResult("DISPATCH_TIMEOUT", "the job's input never reached the workflow", ""));
  co_return co_await FailJobs(sql::kFailAwaitingInput, *std::move(params), deadline);
}

Task<absl::StatusOr<int>> DispatchStore::FailOverdue(std::string workflow_id, Push push, int limit,
                                                     absl::Time deadline) {
  db::Params params;
  params.Add(workflow_id).Add(absl::ToInt64Microseconds(push.dispatch_timeout));
  params.Add(absl::ToInt64Microseconds(push.VisibilityTimeout())).Add(int64_t{limit});
  params.Add(ErrorResult("DISPATCH_TIMEOUT", "the workflow did not accept the job in time", ""));
  co_return co_await FailJobs(sql::kFailOverdue, std::move(params), deadline);
}

}  // namespace vibestack::job_service

#include "job_service/store/dispatch_store.h"

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

#include "common/base/error.h"
#include "job_service/domain/job_error.h"
#include "job_service/store/rows.h"
#include "job_service/store/sql.h"
#include "job_service/store/statements.h"

namespace vibestack::job_service {
namespace {

using Ids = std::vector<std::string>;
using Jobs = std::vector<Job>;

Ids ReadIds(const pqxx::result& rows) {
  Ids ids;
  for (const pqxx::row& row : rows) ids.emplace_back(row[0].c_str());
  return ids;
}

// The pushed workflows and a time of each, in microseconds; nothing where there are none.
std::optional<db::Params> PushedParams(const WorkflowSet& workflows,
                                       const std::function<absl::Duration(const Push&)>& time_of) {
  db::ArrayBuilder ids;
  db::ArrayBuilder times;
  bool any = false;
  for (const auto& [id, workflow] : workflows.all()) {
    if (!workflow.push.has_value()) continue;
    any = true;
    ids.Add(id);
    times.Add(std::to_string(absl::ToInt64Microseconds(time_of(*workflow.push))));
  }
  if (!any) return std::nullopt;
  db::Params params;
  params.Add(ids.Finish()).Add(times.Finish());
  return params;
}

// Of a callback to a job that has ended: whether it says the same.
absl::StatusOr<Job> AnswerEnded(db::Session& session, const std::string& job_id, JobStatus status,
                                const std::string& result) {
  db::Params params;
  params.Add(db::EncodeArray(Ids{job_id})).Add(db::EncodeArray(Ids{result}));
  const auto rows = session.Exec(sql::kCompareResults, params);
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return NotFoundError("job", job_id);
  Job job = ReadJob((*rows)[0]);
  if (!IsTerminal(job.status)) {
    return AbortedError("CONFLICT", "the call collided with another; try again");
  }
  const bool same = job.result.has_value() && job.status == status;
  job.result.reset();
  if (same) return job;
  return FailedPreconditionError("JOB_TERMINAL", "the job has ended otherwise");
}

}  // namespace

DispatchStore::DispatchStore(db::Pool& pool, ChangePublisher& publisher, Metrics& metrics)
    : pool_(pool), publisher_(publisher), counts_(metrics) {}

void DispatchStore::PublishChanged(std::vector<std::string> ids) const {
  if (ids.empty()) return;
  JobChanges changes;
  changes.changed = std::move(ids);
  publisher_.Publish(std::move(changes));
}

Task<absl::StatusOr<Jobs>> DispatchStore::Claim(std::string workflow_id, int limit,
                                                absl::Duration hold, absl::Time deadline) {
  std::function<absl::StatusOr<Jobs>(db::Session&)> work =
      [&](db::Session& session) -> absl::StatusOr<Jobs> {
    db::Params params;
    params.Add(workflow_id).Add(int64_t{limit}).Add(absl::ToInt64Microseconds(hold));
    const auto rows = session.Exec(sql::kClaimDispatches, params);
    if (!rows.ok()) return rows.status();
    return ReadJobs(*rows);
  };
  // Never repeated: what was claimed as the connection broke is free again after the hold.
  absl::StatusOr<Jobs> jobs =
      co_await pool_.Run<Jobs>(deadline, db::Repeat::kNever, std::move(work));
  if (!jobs.ok()) co_return jobs;
  std::sort(jobs->begin(), jobs->end(), [](const Job& a, const Job& b) {
    return std::tie(a.created_at, a.id) < std::tie(b.created_at, b.id);
  });
  co_return jobs;
}

Task<absl::StatusOr<Jobs>> DispatchStore::Renew(std::vector<Lease> held, absl::Time deadline) {
  db::ArrayBuilder ids;
  db::ArrayBuilder tokens;
  for (const Lease& lease : held) {
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
  co_return co_await pool_.Run<Jobs>(deadline, db::Repeat::kNever, std::move(work));
}

Task<absl::StatusOr<bool>> DispatchStore::Settle(Lease held, JobStatus status,
                                                 std::optional<std::string> result,
                                                 absl::Time deadline) {
  std::function<absl::StatusOr<bool>(db::Session&)> work =
      [&](db::Session& session) -> absl::StatusOr<bool> {
    db::Params params;
    params.Add(held.job_id).Add(held.token).Add(JobStatusName(status)).Add(result);
    const auto rows = session.Exec(sql::kSettleDispatch, params);
    if (!rows.ok()) return rows.status();
    return !rows->empty();
  };
  const absl::StatusOr<bool> settled =
      co_await pool_.Run<bool>(deadline, db::Repeat::kSafe, std::move(work));
  if (settled.ok()) PublishChanged({held.job_id});
  if (settled.ok() && *settled) counts_.Finished(status);
  co_return settled;
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
  absl::StatusOr<Job> job = co_await pool_.Run<Job>(deadline, db::Repeat::kSafe, std::move(work));
  if (job.ok()) PublishChanged({job->id});
  if (job.ok()) counts_.Finished(status);
  co_return job;
}

Task<absl::StatusOr<Job>> DispatchStore::ReportRun(std::string job_id,
                                                   std::optional<std::string> part,
                                                   absl::Time deadline) {
  std::function<absl::StatusOr<Job>(db::Session&)> work =
      [&](db::Session& session) -> absl::StatusOr<Job> {
    db::Params params;
    params.Add(job_id).Add(part);
    const auto rows = session.Exec(sql::kReportRun, params);
    if (!rows.ok()) return rows.status();
    if (!rows->empty()) return ReadJob((*rows)[0]);
    const std::vector<JobKey> keys = {JobKey{job_id, false}};
    const absl::StatusOr<std::vector<JobPtr>> present = GetJobs(session, keys);
    if (!present.ok()) return present.status();
    if (present->front() == nullptr) return NotFoundError("job", job_id);
    if (!IsTerminal(present->front()->status)) {
      return FailedPreconditionError("RUN_GIVEN_UP", "the job waits for another run");
    }
    return FailedPreconditionError("JOB_TERMINAL", "the job has ended");
  };
  absl::StatusOr<Job> job = co_await pool_.Run<Job>(deadline, db::Repeat::kSafe, std::move(work));
  if (job.ok()) PublishChanged({job->id});
  co_return job;
}

Task<absl::StatusOr<int>> DispatchStore::FailBy(const db::Statement& statement, db::Params params,
                                                absl::Time deadline) {
  std::function<absl::StatusOr<Ids>(db::Session&)> work =
      [&](db::Session& session) -> absl::StatusOr<Ids> {
    const auto rows = session.Exec(statement, params);
    if (!rows.ok()) return rows.status();
    return ReadIds(*rows);
  };
  absl::StatusOr<Ids> failed =
      co_await pool_.Run<Ids>(deadline, db::Repeat::kSafe, std::move(work));
  if (!failed.ok()) co_return failed.status();
  const int count = static_cast<int>(failed->size());
  counts_.Finished(JobStatus::kFailed, failed->size());
  PublishChanged(*std::move(failed));
  co_return count;
}

Task<absl::StatusOr<int>> DispatchStore::ExpireRuns(WorkflowSetPtr workflows, int limit,
                                                    absl::Time deadline) {
  std::optional<db::Params> params =
      PushedParams(*workflows, [](const Push& push) { return push.processing_timeout; });
  if (!params.has_value()) co_return 0;
  params->Add(int64_t{limit});
  params->Add(ErrorResult("PROCESSING_TIMEOUT", "the run did not call back in time", ""));
  co_return co_await FailBy(sql::kExpireRuns, *std::move(params), deadline);
}

Task<absl::StatusOr<int>> DispatchStore::FailAwaitingInput(WorkflowSetPtr workflows, int limit,
                                                           absl::Time deadline) {
  std::optional<db::Params> params = PushedParams(*workflows, [](const Push& push) {
    return push.dispatch_timeout + push.VisibilityTimeout();
  });
  if (!params.has_value()) co_return 0;
  params->Add(int64_t{limit});
  params->Add(ErrorResult("DISPATCH_TIMEOUT", "the job's input never reached the workflow", ""));
  co_return co_await FailBy(sql::kFailAwaitingInput, *std::move(params), deadline);
}

Task<absl::StatusOr<int>> DispatchStore::FailOverdue(std::string workflow_id, Push push, int limit,
                                                     absl::Time deadline) {
  db::Params params;
  params.Add(workflow_id).Add(absl::ToInt64Microseconds(push.dispatch_timeout));
  params.Add(absl::ToInt64Microseconds(push.VisibilityTimeout())).Add(int64_t{limit});
  params.Add(ErrorResult("DISPATCH_TIMEOUT", "the workflow could not be reached in time", ""));
  co_return co_await FailBy(sql::kFailOverdue, std::move(params), deadline);
}

}  // namespace vibestack::job_service

#include "job_service/store/dispatch_store.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <tuple>
#include <utility>

#include "common/base/error.h"
#include "job_service/domain/errors.h"
#include "job_service/domain/job_error.h"
#include "job_service/store/fair_claims.h"
#include "job_service/store/max_attempts.h"
#include "job_service/store/refused_jobs.h"
#include "job_service/store/rows.h"
#include "job_service/store/sql.h"
#include "job_service/store/sweep.h"

namespace vibestack::job_service {
namespace {

using Jobs = std::vector<Job>;

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

std::optional<db::Params> PushedTimeouts(const WorkflowSet& workflows) {
  return PushedParams(workflows, [](const Push& push) { return push.processing_timeout; });
}

// The result of a callback that wrote nothing, from the present row of its job.
absl::StatusOr<Job> AnswerUnchanged(db::Session& session, const RunReport& report) {
  db::Params params;
  params.Add(report.job_id).Add(JobStatusName(report.status)).Add(report.result);
  params.Add(int64_t{report.attempt});
  const auto rows = session.Exec(sql::kCompareRun, params);
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return NotFoundError("job", report.job_id);
  const pqxx::row row = (*rows)[0];
  Job job = ReadJob(row);
  const bool is_same = !row[7].is_null() && row[7].as<bool>();
  if (is_same) return job;
  const bool is_superseded = !row[8].is_null() && row[8].as<bool>();
  if (is_superseded) return AttemptSupersededError();
  if (job.status == JobStatus::kUnknown) return UnknownStatusError();
  if (!IsTerminal(job.status)) return ConflictError();
  return FailedPreconditionError("JOB_TERMINAL", "the job has ended in another way");
}

// A claim that rewrites more payload than this may take longer than the time for it.
constexpr int64_t kMaxClaimBytes = int64_t{8} << 20;

// What a dispatcher claims.
struct DispatchClaim {
  const std::string& workflow_id;
  int max_processing;
  absl::Duration visibility_timeout;
};

// Claims up to `limit` jobs without the refused ones. If `first` is not null, stores there the id
// of the first one before it is written.
absl::StatusOr<Jobs> ClaimDispatches(db::Session& session, const DispatchClaim& claim, int limit,
                                     RefusedJobs& refused, std::string* first) {
  db::Params params;
  params.Add(claim.workflow_id).Add(int64_t{limit});
  params.Add(absl::ToInt64Microseconds(claim.visibility_timeout)).Add(kMaxClaimBytes);
  params.Add(refused.AsArray());
  if (first != nullptr) {
    absl::StatusOr<std::string> id = FindFirst(session, sql::kFindDispatchable, params);
    if (!id.ok()) return id.status();
    *first = *std::move(id);
  }
  const auto rows = session.Exec(sql::kClaimDispatches, params);
  if (!rows.ok()) return rows.status();
  return ReadJobs(*rows);
}

// The same in a transaction, with the bound on the jobs that are processing or under dispatch.
absl::StatusOr<Jobs> ClaimWithin(db::Session& session, const DispatchClaim& claim, int limit,
                                 RefusedJobs& refused, std::string* first) {
  absl::StatusOr<Jobs> jobs;
  const absl::Status status = session.Transact([&]() -> absl::Status {
    int claims = limit;
    if (claim.max_processing > 0) {
      const absl::StatusOr<int> places = LockAndCountPlaces(
          session, claim.workflow_id, claim.max_processing, claim.visibility_timeout);
      if (!places.ok()) return places.status();
      claims = std::min(limit, *places);
    }
    jobs = claims == 0 ? Jobs() : ClaimDispatches(session, claim, claims, refused, first);
    return jobs.status();
  });
  if (!status.ok()) return status;
  return jobs;
}

absl::StatusOr<Jobs> ClaimAroundRefused(db::Session& session, const DispatchClaim& claim, int limit,
                                        RefusedJobs& refused) {
  Jobs all;
  const absl::Status status = WriteAroundRefused(
      refused, sql::kClaimDispatches.name, limit,
      [&](int most, std::string* first) -> absl::StatusOr<int> {
        absl::StatusOr<Jobs> jobs = claim.max_processing == 0 && first == nullptr
                                        ? ClaimDispatches(session, claim, most, refused, first)
                                        : ClaimWithin(session, claim, most, refused, first);
        if (!jobs.ok()) return jobs.status();
        std::move(jobs->begin(), jobs->end(), std::back_inserter(all));
        return static_cast<int>(jobs->size());
      });
  if (!status.ok() && all.empty()) return status;
  return all;
}

}  // namespace

void DispatchStore::PublishChanged(std::vector<std::string> ids) const {
  JobChanges changes;
  changes.changed = std::move(ids);
  context_.Publish(std::move(changes));
}

Task<absl::StatusOr<Jobs>> DispatchStore::Claim(std::string workflow_id, int limit,
                                                int max_processing,
                                                absl::Duration visibility_timeout,
                                                absl::Time deadline) {
  std::function<absl::StatusOr<Jobs>(db::Session&)> work = [&](db::Session& session) {
    const DispatchClaim claim{workflow_id, max_processing, visibility_timeout};
    return ClaimAroundRefused(session, claim, limit, context_.refused);
  };
  // Not repeated: if the connection breaks, any replica may claim the jobs after their visibility
  // timeout.
  absl::StatusOr<Jobs> jobs =
      co_await context_.pool.Run<Jobs>(deadline, db::Repeat::kNever, std::move(work));
  if (!jobs.ok()) co_return jobs;
  DropOversized(context_, *jobs);
  std::sort(jobs->begin(), jobs->end(), [](const Job& a, const Job& b) {
    return std::tie(a.created_at, a.id) < std::tie(b.created_at, b.id);
  });
  co_return jobs;
}

Task<absl::StatusOr<Jobs>> DispatchStore::Renew(std::vector<DispatchRenewal> renewals,
                                                absl::Time deadline) {
  db::ArrayBuilder ids;
  db::ArrayBuilder tokens;
  db::ArrayBuilder first_requests;
  for (const DispatchRenewal& renewal : renewals) {
    ids.Add(renewal.claimed.job_id);
    tokens.Add(std::to_string(renewal.claimed.token));
    if (renewal.first_request.has_value()) {
      first_requests.Add(std::to_string(absl::ToUnixMicros(*renewal.first_request)));
    } else {
      first_requests.AddNull();
    }
  }
  db::Params params;
  params.Add(ids.Finish()).Add(tokens.Finish()).Add(first_requests.Finish());
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
  // The workflow of the job; empty if it was not written.
  std::function<absl::StatusOr<std::string>(db::Session&)> work =
      [&](db::Session& session) -> absl::StatusOr<std::string> {
    db::Params params;
    params.Add(claimed.job_id).Add(claimed.token).Add(JobStatusName(status)).Add(result);
    const auto rows = session.Exec(sql::kSettleDispatch, params);
    if (!rows.ok()) return rows.status();
    return rows->empty() ? std::string() : std::string((*rows)[0][0].c_str());
  };
  const absl::StatusOr<std::string> workflow_id =
      co_await context_.RunUntilUnlocked<std::string>(deadline, db::Repeat::kSafe, std::move(work));
  if (!workflow_id.ok()) co_return workflow_id.status();
  const bool is_settled = !workflow_id->empty();
  JobChanges changes;
  changes.changed.push_back(claimed.job_id);
  // An accepted job keeps its place.
  if (is_settled && IsTerminal(status)) context_.NotePlace(*workflow_id, changes);
  context_.Publish(std::move(changes));
  if (is_settled) context_.job_metrics.RecordFinished(status);
  co_return is_settled;
}

Task<absl::StatusOr<Job>> DispatchStore::FinishRun(RunReport report, absl::Time deadline) {
  std::function<absl::StatusOr<Job>(db::Session&)> work =
      [&](db::Session& session) -> absl::StatusOr<Job> {
    db::Params params;
    params.Add(report.job_id).Add(JobStatusName(report.status)).Add(report.result);
    params.Add(int64_t{report.attempt}).Add(report.is_retryable);
    params.Add(report.retry_delay.has_value() ? std::optional<std::string>(std::to_string(
                                                    absl::ToInt64Microseconds(*report.retry_delay)))
                                              : std::nullopt);
    AddMaxAttempts(*context_.options.workflows(), params);
    const auto rows = session.Exec(sql::kFinishRun, params);
    if (!rows.ok()) return rows.status();
    if (!rows->empty()) return ReadJob((*rows)[0]);
    return AnswerUnchanged(session, report);
  };
  absl::StatusOr<Job> job =
      co_await context_.RunUntilUnlocked<Job>(deadline, db::Repeat::kSafe, std::move(work));
  if (!job.ok()) co_return job;
  JobChanges changes;
  changes.changed.push_back(job->id);
  context_.NotePlace(job->workflow_id, changes);
  context_.Publish(std::move(changes));
  context_.job_metrics.RecordFinished(job->status);
  co_return job;
}

Task<absl::StatusOr<Job>> DispatchStore::ReportRun(RunReport report, absl::Time deadline) {
  std::function<absl::StatusOr<Job>(db::Session&)> work =
      [&](db::Session& session) -> absl::StatusOr<Job> {
    db::Params params;
    params.Add(report.job_id).Add(report.result).Add(int64_t{report.attempt});
    const auto rows = session.Exec(sql::kReportRun, params);
    if (!rows.ok()) return rows.status();
    if (!rows->empty()) return ReadJob((*rows)[0]);
    return AnswerUnchanged(session, report);
  };
  absl::StatusOr<Job> job =
      co_await context_.RunUntilUnlocked<Job>(deadline, db::Repeat::kSafe, std::move(work));
  if (job.ok()) PublishChanged({job->id});
  co_return job;
}

Task<absl::StatusOr<int>> DispatchStore::ExpireRuns(int limit, absl::Time deadline) {
  const WorkflowSetPtr workflows = context_.options.workflows();
  if (!PushedTimeouts(*workflows).has_value()) co_return 0;
  SetStatement statement{
      sql::kExpireRuns, sql::kFindLateRun, [workflows](int most) {
        db::Params params = *PushedTimeouts(*workflows);
        params.Add(int64_t{most});
        params.Add(ErrorObject("PROCESSING_TIMEOUT", "the run did not call back in time", ""));
        AddMaxAttempts(*workflows, params);
        return params;
      }};
  co_return co_await RunSweep(context_, std::move(statement), limit, SweepEffect::kEndsAttempts,
                              deadline);
}

Task<absl::StatusOr<int>> DispatchStore::FailOverdue(std::string workflow_id, Push push, int limit,
                                                     absl::Time deadline) {
  SetStatement statement{
      sql::kFailOverdue, sql::kFindOverdue, [workflow_id, push](int most) {
        db::Params params;
        params.Add(workflow_id).Add(absl::ToInt64Microseconds(push.dispatch_timeout));
        params.Add(absl::ToInt64Microseconds(push.VisibilityTimeout())).Add(int64_t{most});
        params.Add(
            ErrorObject("DISPATCH_TIMEOUT", "the workflow did not accept the job in time", ""));
        return params;
      }};
  co_return co_await RunSweep(context_, std::move(statement), limit, SweepEffect::kEndsAttempts,
                              deadline);
}

}  // namespace vibestack::job_service

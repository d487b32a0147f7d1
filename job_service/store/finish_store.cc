#include "job_service/store/finish_store.h"

#include <functional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/db/locked_rows.h"
#include "common/telemetry/measured_batches.h"
#include "job_service/domain/errors.h"
#include "job_service/store/distinct_rounds.h"
#include "job_service/store/max_attempts.h"
#include "job_service/store/rows.h"
#include "job_service/store/sql.h"

namespace vibestack::job_service {
namespace {

using Finished = std::vector<absl::StatusOr<Job>>;
using Round = std::vector<size_t>;

// The weight of a finish in a batch: one, and one more for each 8 KiB of its result. Progress and a
// failure weigh ten times as much, because they write the stored input again, of unknown size.
size_t WeighFinish(const JobFinish& finish) {
  return (finish.status == JobStatus::kCompleted ? 1 : 10) + finish.result.size() / 8'192;
}

db::Params OutcomeParams(const std::vector<JobFinish>& finishes, const Round& round) {
  db::ArrayBuilder ids;
  db::ArrayBuilder tokens;
  db::ArrayBuilder states;
  db::ArrayBuilder results;
  for (const size_t i : round) {
    ids.Add(finishes[i].lease.job_id);
    tokens.Add(std::to_string(finishes[i].lease.token));
    states.Add(JobStatusName(finishes[i].status));
    results.Add(finishes[i].result);
  }
  db::Params params;
  params.Add(ids.Finish()).Add(tokens.Finish()).Add(states.Finish()).Add(results.Finish());
  return params;
}

db::Params FinishParams(const std::vector<JobFinish>& finishes, const Round& round,
                        const WorkflowSet& workflows) {
  db::Params params = OutcomeParams(finishes, round);
  db::ArrayBuilder retryable;
  db::ArrayBuilder delays;
  for (const size_t i : round) {
    retryable.Add(finishes[i].is_retryable ? "t" : "f");
    if (finishes[i].retry_delay.has_value()) {
      delays.Add(std::to_string(absl::ToInt64Microseconds(*finishes[i].retry_delay)));
    } else {
      delays.AddNull();
    }
  }
  params.Add(retryable.Finish()).Add(delays.Finish());
  AddMaxAttempts(workflows, params);
  return params;
}

// For each job in `rows`, sets the result to `answer(row)` and removes the job from `round`.
template <typename Answer>
void AnswerRows(const pqxx::result& rows, const std::vector<JobFinish>& finishes, Round& round,
                Finished& finished, Answer answer) {
  absl::flat_hash_map<std::string, absl::StatusOr<Job>> answers;
  for (const pqxx::row& row : rows) answers.emplace(row[0].c_str(), answer(row));
  std::erase_if(round, [&](size_t i) {
    const auto found = answers.find(finishes[i].lease.job_id);
    if (found == answers.end()) return false;
    finished[i] = std::move(found->second);
    return true;
  });
}

// Writes one round, in which no job occurs twice. The present row of a job that was not written
// says why.
absl::Status FinishRound(db::Session& session, const std::vector<JobFinish>& finishes,
                         const WorkflowSet& workflows, Round round, Finished& finished) {
  const auto ended = session.Exec(sql::kFinishJobs, FinishParams(finishes, round, workflows));
  if (!ended.ok()) return ended.status();
  AnswerRows(*ended, finishes, round, finished,
             [](const pqxx::row& row) -> absl::StatusOr<Job> { return ReadJob(row); });
  if (round.empty()) return absl::OkStatus();
  const auto present = session.Exec(sql::kCompareOutcomes, OutcomeParams(finishes, round));
  if (!present.ok()) return present.status();
  AnswerRows(*present, finishes, round, finished, [](const pqxx::row& row) -> absl::StatusOr<Job> {
    // The row already has this outcome: an earlier run of this call wrote it, or the worker
    // repeated the call. Progress is never "the same": it may come from another worker, whose lease
    // token must stay secret.
    const bool is_same = !row[7].is_null() && row[7].as<bool>();
    const bool is_held = !row[8].is_null() && row[8].as<bool>();
    if (is_held) return db::RowLockedError();
    return is_same ? absl::StatusOr<Job>(ReadJob(row)) : LeaseLostError();
  });
  for (const size_t i : round) finished[i] = NotFoundError("job", finishes[i].lease.job_id);
  return absl::OkStatus();
}

// Writes the finishes on one session. Several finishes of one job are written one after the other.
absl::StatusOr<Finished> FinishJobs(db::Session& session, const std::vector<JobFinish>& finishes,
                                    const WorkflowSet& workflows) {
  Finished finished(finishes.size(), Job{});
  const auto rounds = SplitIntoRounds(finishes.size(), [&finishes](size_t i) -> const std::string& {
    return finishes[i].lease.job_id;
  });
  for (const Round& round : rounds) {
    const absl::Status status = FinishRound(session, finishes, workflows, round, finished);
    if (!status.ok()) return status;
  }
  return finished;
}

}  // namespace

FinishStore::FinishStore(StoreContext& context)
    : context_(context),
      finishes_(
          MeasuredBatches(context.options.batches, "finish_job", context.metrics),
          [this](const auto& finishes, absl::Time deadline) {
            return FinishBatch(finishes, db::Repeat::kSafe, deadline);
          },
          WeighFinish),
      progress_(
          MeasuredBatches(context.options.batches, "report_progress", context.metrics),
          [this](const auto& finishes, absl::Time deadline) {
            // Not repeated: if the first run stored the progress, it replaced the lease token.
            return FinishBatch(finishes, db::Repeat::kNever, deadline);
          },
          WeighFinish),
      finish_queue_metric_(RegisterQueueMetric(context.metrics, "finish_job", finishes_)),
      progress_queue_metric_(RegisterQueueMetric(context.metrics, "report_progress", progress_)) {}

void FinishStore::Close() {
  finishes_.Close();
  progress_.Close();
}

Task<absl::StatusOr<Job>> FinishStore::SubmitUntilUnlocked(Batches& batches, JobFinish finish,
                                                           absl::Time deadline) {
  db::LockedRowRetry retry(context_.delays, deadline);
  while (true) {
    absl::StatusOr<Job> job = co_await batches.Submit(finish, deadline);
    if (!db::IsRowLocked(job.status())) co_return job;
    absl::Status paused = co_await retry.Pause();
    if (!paused.ok()) co_return paused;
  }
}

Task<absl::StatusOr<Job>> FinishStore::Finish(JobFinish finish, absl::Time deadline) {
  co_return co_await SubmitUntilUnlocked(finishes_, std::move(finish), deadline);
}

Task<absl::StatusOr<Job>> FinishStore::ReportProgress(JobFinish progress, absl::Time deadline) {
  co_return co_await SubmitUntilUnlocked(progress_, std::move(progress), deadline);
}

Task<std::vector<absl::StatusOr<Job>>> FinishStore::FinishAll(std::vector<JobFinish> finishes,
                                                              absl::Time deadline) {
  std::vector<absl::StatusOr<Job>> answers = co_await finishes_.SubmitAll(finishes, deadline);
  db::LockedRowRetry retry(context_.delays, LockedRowDeadline(absl::Now(), deadline));
  while (true) {
    std::vector<size_t> locked;
    std::vector<JobFinish> again;
    for (size_t i = 0; i < answers.size(); ++i) {
      if (!db::IsRowLocked(answers[i].status())) continue;
      locked.push_back(i);
      again.push_back(finishes[i]);
    }
    if (locked.empty()) co_return answers;
    const absl::Status paused = co_await retry.Pause();
    if (!paused.ok()) {
      for (const size_t i : locked) answers[i] = paused;
      co_return answers;
    }
    std::vector<absl::StatusOr<Job>> more =
        co_await finishes_.SubmitAll(std::move(again), deadline);
    for (size_t i = 0; i < locked.size(); ++i) answers[locked[i]] = std::move(more[i]);
  }
}

Task<absl::StatusOr<FinishStore::Batches::Answers>> FinishStore::FinishBatch(
    const std::vector<JobFinish>& finishes, db::Repeat repeat, absl::Time deadline) {
  std::function<absl::StatusOr<Finished>(db::Session&)> work = [this,
                                                                &finishes](db::Session& session) {
    return FinishJobs(session, finishes, *context_.options.workflows());
  };
  absl::StatusOr<Finished> answers =
      co_await context_.pool.Run<Finished>(deadline, repeat, std::move(work));
  if (!answers.ok()) co_return answers;
  JobChanges changes;
  for (size_t i = 0; i < finishes.size(); ++i) {
    const absl::StatusOr<Job>& answer = (*answers)[i];
    const bool ends = IsTerminal(finishes[i].status);
    context_.job_metrics.RecordLeaseCall(
        ends ? JobMetrics::LeaseCall::kFinish : JobMetrics::LeaseCall::kProgress, answer.status());
    if (!answer.ok()) continue;
    changes.changed.push_back(answer->id);
    context_.job_metrics.RecordFinished(answer->status);
    if (ends) context_.NotePlace(answer->workflow_id, changes);
  }
  context_.Publish(std::move(changes));
  co_return answers;
}

}  // namespace vibestack::job_service

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "common/base/error.h"
#include "job_service/domain/lease_errors.h"
#include "job_service/store/rounds.h"
#include "job_service/store/rows.h"
#include "job_service/store/sql.h"
#include "job_service/store/statements.h"

namespace vibestack::job_service {
namespace {

using Finished = std::vector<absl::StatusOr<Job>>;
using Round = std::vector<size_t>;

db::Params FinishParams(const std::vector<JobFinish>& finishes, const Round& round) {
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

db::Params CompareParams(const std::vector<JobFinish>& finishes, const Round& round) {
  db::ArrayBuilder ids;
  db::ArrayBuilder results;
  for (const size_t i : round) {
    ids.Add(finishes[i].lease.job_id);
    results.Add(finishes[i].result);
  }
  db::Params params;
  params.Add(ids.Finish()).Add(results.Finish());
  return params;
}

// Takes the round's jobs in `rows` out of `round` by answering them with `answer(job, finish)`.
template <typename Answer>
void AnswerRows(const pqxx::result& rows, const std::vector<JobFinish>& finishes, Round& round,
                Finished& finished, Answer answer) {
  absl::flat_hash_map<std::string, Job> jobs;
  for (const pqxx::row& row : rows) {
    Job job = ReadJob(row);
    std::string id = job.id;
    jobs.emplace(std::move(id), std::move(job));
  }
  std::erase_if(round, [&](size_t i) {
    const auto job = jobs.find(finishes[i].lease.job_id);
    if (job == jobs.end()) return false;
    finished[i] = answer(std::move(job->second), finishes[i]);
    return true;
  });
}

// One round: no job twice. What is not ended is explained from what is there.
absl::Status FinishRound(db::Session& session, const std::vector<JobFinish>& finishes, Round round,
                         Finished& finished) {
  const auto ended = session.Exec(sql::kFinishJobs, FinishParams(finishes, round));
  if (!ended.ok()) return ended.status();
  AnswerRows(*ended, finishes, round, finished,
             [](Job job, const JobFinish&) -> absl::StatusOr<Job> { return job; });
  if (round.empty()) return absl::OkStatus();
  const auto present = session.Exec(sql::kCompareResults, CompareParams(finishes, round));
  if (!present.ok()) return present.status();
  AnswerRows(*present, finishes, round, finished,
             [](Job job, const JobFinish& finish) -> absl::StatusOr<Job> {
               // Done already, by this call before its answer was lost or by its twin. (Of a job
               // that is processed it may be another worker's twin: its token is not told.)
               const bool same =
                   job.result.has_value() && job.status == finish.status && IsTerminal(job.status);
               job.result.reset();
               return same ? absl::StatusOr<Job>(std::move(job)) : LeaseLostError();
             });
  for (const size_t i : round) finished[i] = NotFoundError("job", finishes[i].lease.job_id);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Finished> FinishJobs(db::Session& session, const std::vector<JobFinish>& finishes) {
  Finished finished(finishes.size(), Job{});
  const auto rounds = SplitIntoRounds(finishes.size(), [&finishes](size_t i) -> const std::string& {
    return finishes[i].lease.job_id;
  });
  for (const Round& round : rounds) {
    const absl::Status status = FinishRound(session, finishes, round, finished);
    if (!status.ok()) return status;
  }
  return finished;
}

}  // namespace vibestack::job_service

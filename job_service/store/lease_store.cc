#include "job_service/store/lease_store.h"

#include <functional>
#include <iterator>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/clock.h"
#include "common/db/locked_rows.h"
#include "common/telemetry/measured_batches.h"
#include "job_service/domain/errors.h"
#include "job_service/store/distinct_rounds.h"
#include "job_service/store/rows.h"
#include "job_service/store/sql.h"

namespace vibestack::job_service {
namespace {

using LeasedJobs = std::vector<absl::StatusOr<LeasedJob>>;
using Round = std::vector<size_t>;

db::Params LeaseParams(const std::vector<Lease>& leases, const Round& round) {
  db::ArrayBuilder ids;
  db::ArrayBuilder tokens;
  for (const size_t i : round) {
    ids.Add(leases[i].job_id);
    tokens.Add(std::to_string(leases[i].token));
  }
  db::Params params;
  params.Add(ids.Finish()).Add(tokens.Finish());
  return params;
}

// Sets the results of the leases in `lost` to the reason why each was not written.
absl::Status ExplainLostLeases(db::Session& session, const std::vector<Lease>& leases,
                               const Round& lost, LeasedJobs& answers) {
  const auto rows = session.Exec(sql::kExplainLeases, LeaseParams(leases, lost));
  if (!rows.ok()) return rows.status();
  absl::flat_hash_map<std::string, absl::Status> reasons;
  for (const pqxx::row& row : *rows) {
    const bool is_cancelled = !row[1].is_null() && row[1].as<bool>();
    const bool is_held = !row[2].is_null() && row[2].as<bool>();
    reasons[row[0].c_str()] = is_held        ? db::RowLockedError()
                              : is_cancelled ? JobCancelledError()
                                             : LeaseLostError();
  }
  for (const size_t i : lost) {
    const auto it = reasons.find(leases[i].job_id);
    answers[i] = it == reasons.end() ? NotFoundError("job", leases[i].job_id) : it->second;
  }
  return absl::OkStatus();
}

// Writes one round with one statement.
absl::Status TryRound(db::Session& session, const std::vector<Lease>& leases, JobStatus status,
                      const Round& round, LeasedJobs& answers) {
  db::Params params = LeaseParams(leases, round);
  params.Add(JobStatusName(status));
  const absl::StatusOr<pqxx::result> rows = session.Exec(sql::kHoldJobs, params);
  if (!rows.ok()) return rows.status();
  absl::flat_hash_map<std::string, LeasedJob> written;
  for (const pqxx::row& row : *rows) {
    written[row[0].c_str()] = LeasedJob{row[1].c_str(), ReadTime(row[2])};
  }
  Round lost;
  for (const size_t i : round) {
    const auto it = written.find(leases[i].job_id);
    if (it == written.end()) {
      lost.push_back(i);
    } else {
      answers[i] = std::move(it->second);
    }
  }
  return lost.empty() ? absl::OkStatus() : ExplainLostLeases(session, leases, lost, answers);
}

// Writes one round, in which no job occurs twice. If one job may have caused an error, writes each
// half by itself.
void WriteRound(db::Session& session, const std::vector<Lease>& leases, JobStatus job_status,
                const Round& round, LeasedJobs& answers) {
  const absl::Status status = TryRound(session, leases, job_status, round, answers);
  if (status.ok()) return;
  if (round.size() > 1 && absl::IsFailedPrecondition(status)) {
    const auto middle = round.begin() + static_cast<ptrdiff_t>(round.size() / 2);
    WriteRound(session, leases, job_status, Round(round.begin(), middle), answers);
    WriteRound(session, leases, job_status, Round(middle, round.end()), answers);
    return;
  }
  // Leases that were written before the failure keep their results.
  for (const size_t i : round) {
    if (absl::IsUnknown(answers[i].status())) answers[i] = status;
  }
}

// Writes `job_status` to the jobs whose leases are valid: kProcessing extends a lease, kPending
// releases it. Several leases of one job are written one after the other.
LeasedJobs WriteLeases(db::Session& session, const std::vector<Lease>& leases,
                       JobStatus job_status) {
  LeasedJobs answers(leases.size(), absl::UnknownError("not answered"));
  const auto rounds = SplitIntoRounds(
      leases.size(), [&leases](size_t i) -> const std::string& { return leases[i].job_id; });
  for (const Round& round : rounds) WriteRound(session, leases, job_status, round, answers);
  return answers;
}

// The leases that were not written because another transaction has locked the job's row.
Round LockedOf(const LeasedJobs& answers) {
  Round locked;
  for (size_t i = 0; i < answers.size(); ++i) {
    if (db::IsRowLocked(answers[i].status())) locked.push_back(i);
  }
  return locked;
}

// The result of one call. If no lease has a known outcome, the whole call fails, so that the worker
// does not take a lease for lost.
absl::StatusOr<LeasedJobs> AnswerOfCall(LeasedJobs leases) {
  for (const absl::StatusOr<LeasedJob>& lease : leases) {
    if (lease.ok() || absl::IsAborted(lease.status()) || absl::IsNotFound(lease.status())) {
      return leases;
    }
  }
  return leases.empty() ? absl::StatusOr<LeasedJobs>(leases) : leases.front().status();
}

}  // namespace

LeaseStore::LeaseStore(StoreContext& context)
    : context_(context),
      heartbeats_(
          MeasuredBatches(context.options.batches, "heartbeat_jobs", context.metrics),
          [this](const auto& calls, absl::Time deadline) {
            return HeartbeatBatch(calls, deadline);
          },
          [](const Leases& leases) { return leases.size(); }),
      queue_metric_(RegisterQueueMetric(context.metrics, "heartbeat_jobs", heartbeats_)) {}

Task<absl::StatusOr<LeasedJobs>> LeaseStore::Heartbeat(std::vector<Lease> leases,
                                                       absl::Time deadline) {
  const WriteOnce write = [this, deadline](Leases some) {
    return ExtendOnce(std::move(some), deadline);
  };
  co_return co_await WriteUntilUnlocked(std::move(leases), write, deadline);
}

Task<absl::StatusOr<LeasedJobs>> LeaseStore::ExtendOnce(Leases leases, absl::Time deadline) {
  co_return co_await heartbeats_.Submit(std::move(leases), deadline);
}

Task<absl::StatusOr<LeasedJobs>> LeaseStore::ReleaseOnce(Leases leases, absl::Time deadline) {
  std::function<absl::StatusOr<LeasedJobs>(db::Session&)> work =
      [&leases](db::Session& session) -> absl::StatusOr<LeasedJobs> {
    return AnswerOfCall(WriteLeases(session, leases, JobStatus::kPending));
  };
  // Not repeated: if the first run released the job, it replaced the lease token.
  co_return co_await context_.pool.Run<LeasedJobs>(deadline, db::Repeat::kNever, std::move(work));
}

Task<absl::StatusOr<LeasedJobs>> LeaseStore::WriteUntilUnlocked(Leases leases,
                                                                const WriteOnce& write,
                                                                absl::Time deadline) {
  absl::StatusOr<LeasedJobs> answers = co_await write(leases);
  if (!answers.ok()) co_return answers;
  db::LockedRowRetry retry(context_.delays, LockedRowDeadline(absl::Now(), deadline));
  while (true) {
    const Round locked = LockedOf(*answers);
    if (locked.empty()) co_return answers;
    const absl::Status paused = co_await retry.Pause();
    absl::StatusOr<LeasedJobs> more = paused;
    if (paused.ok()) {
      Leases again;
      for (const size_t i : locked) again.push_back(leases[i]);
      more = co_await write(std::move(again));
    }
    for (size_t i = 0; i < locked.size(); ++i) {
      (*answers)[locked[i]] =
          more.ok() ? std::move((*more)[i]) : absl::StatusOr<LeasedJob>(more.status());
    }
  }
}

Task<absl::StatusOr<LeaseStore::Batches::Answers>> LeaseStore::HeartbeatBatch(
    const std::vector<Leases>& calls, absl::Time deadline) {
  Leases all;
  for (const Leases& leases : calls) all.insert(all.end(), leases.begin(), leases.end());
  std::function<absl::StatusOr<LeasedJobs>(db::Session&)> work =
      [&all](db::Session& session) -> absl::StatusOr<LeasedJobs> {
    return WriteLeases(session, all, JobStatus::kProcessing);
  };
  // Not repeated: if the first run extended the lease, it replaced the lease token.
  absl::StatusOr<LeasedJobs> extended =
      co_await context_.pool.Run<LeasedJobs>(deadline, db::Repeat::kNever, std::move(work));
  if (!extended.ok()) co_return extended.status();
  for (const absl::StatusOr<LeasedJob>& lease : *extended) {
    context_.job_metrics.RecordLeaseCall(JobMetrics::LeaseCall::kHeartbeat, lease.status());
  }
  Batches::Answers answers;
  auto next = extended->begin();
  for (const Leases& leases : calls) {
    const auto end = next + static_cast<ptrdiff_t>(leases.size());
    answers.push_back(
        AnswerOfCall(LeasedJobs(std::make_move_iterator(next), std::make_move_iterator(end))));
    next = end;
  }
  co_return answers;
}

Task<absl::StatusOr<std::vector<absl::Status>>> LeaseStore::Release(std::vector<Lease> leases,
                                                                    absl::Time deadline) {
  const WriteOnce write = [this, deadline](Leases some) {
    return ReleaseOnce(std::move(some), deadline);
  };
  const absl::StatusOr<LeasedJobs> released = co_await WriteUntilUnlocked(leases, write, deadline);
  if (!released.ok()) co_return released.status();
  JobChanges changes;
  std::vector<absl::Status> outcomes;
  for (size_t i = 0; i < leases.size(); ++i) {
    const absl::StatusOr<LeasedJob>& job = (*released)[i];
    context_.job_metrics.RecordLeaseCall(JobMetrics::LeaseCall::kRelease, job.status());
    outcomes.push_back(job.status());
    if (!job.ok()) continue;
    changes.changed.push_back(leases[i].job_id);
    ++changes.pending[job->workflow_id];
  }
  context_.Publish(std::move(changes));
  co_return outcomes;
}

}  // namespace vibestack::job_service

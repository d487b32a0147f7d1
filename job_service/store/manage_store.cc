#include "job_service/store/manage_store.h"

#include <functional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "common/base/error.h"
#include "common/telemetry/measured_batches.h"
#include "job_service/domain/errors.h"
#include "job_service/store/distinct_rounds.h"
#include "job_service/store/max_attempts.h"
#include "job_service/store/rows.h"
#include "job_service/store/sql.h"

namespace vibestack::job_service {
namespace {

using Answers = ManageStore::Answers;
using Requests = std::vector<ManageRequest>;
using Round = std::vector<size_t>;

// The column of explain_job and explain_jobs after those of a job.
constexpr int kWasCancelled = 7;

// The weight of a job in a batch. A cancellation and a retry write the stored input again, of
// unknown size.
constexpr size_t kRewriteWeight = 5;

// The error for a job that does not exist or is not the owner's.
absl::Status MissingError(const ManageRequest& request) {
  if (request.owner.has_value()) return PermissionDeniedError("NOT_YOURS", "the job is not yours");
  return NotFoundError("job", request.id);
}

// Why the statement of `action` did not write this row of explain_job or explain_jobs. Returns the
// job if it already is as the caller wants it. CONFLICT if the statement could write it now.
absl::StatusOr<Job> Explain(ManageAction action, const ManageRequest& request,
                            const pqxx::row& row) {
  Job job = ReadJob(row);
  if (request.owner.has_value() && job.user_id != *request.owner) return MissingError(request);
  switch (action) {
    case ManageAction::kCancel:
      if (row[kWasCancelled].as<bool>()) return job;
      if (job.status == JobStatus::kPending || job.status == JobStatus::kProcessing) break;
      return FailedPreconditionError("JOB_TERMINAL", "the job has ended");
    case ManageAction::kRetry:
      if (job.status == JobStatus::kPending) return job;
      if (job.status == JobStatus::kFailed) break;
      return FailedPreconditionError("JOB_NOT_FAILED", "only a failed job can be retried");
    case ManageAction::kDelete:
      if (IsTerminal(job.status)) break;
      return FailedPreconditionError("JOB_NOT_TERMINAL", "the job has not ended; cancel it first");
  }
  return ConflictError();
}

absl::StatusOr<pqxx::result> ExecOne(db::Session& session, ManageAction action,
                                     const ManageRequest& request, const WorkflowSet& workflows) {
  db::Params params;
  params.Add(request.id).Add(request.owner);
  switch (action) {
    case ManageAction::kCancel:
      params.Add(request.error);
      return session.Exec(sql::kCancelJob, params);
    case ManageAction::kRetry:
      AddMaxAttempts(workflows, params);
      return session.Exec(sql::kRetryJob, params);
    case ManageAction::kDelete:
      return session.Exec(sql::kDeleteJob, params);
  }
  return InternalError("unknown action");
}

// Writes one job, and waits while another transaction holds it.
absl::StatusOr<Job> WriteOne(db::Session& session, ManageAction action,
                             const ManageRequest& request, const WorkflowSet& workflows) {
  // Tries several times, because a sweep or a claim may change the job between the two statements,
  // so that neither matches it.
  constexpr int kTries = 5;
  for (int i = 0; i < kTries; ++i) {
    const auto written = ExecOne(session, action, request, workflows);
    if (!written.ok()) return written.status();
    if (!written->empty()) return ReadJob((*written)[0]);
    db::Params read;
    read.Add(request.id);
    const auto present = session.Exec(sql::kExplainJob, read);
    if (!present.ok()) return present.status();
    if (present->empty()) return MissingError(request);
    absl::StatusOr<Job> job = Explain(action, request, (*present)[0]);
    if (!absl::IsAborted(job.status())) return job;
  }
  return ConflictError();
}

absl::StatusOr<pqxx::result> ExecRound(db::Session& session, ManageAction action,
                                       const Requests& requests, const Round& round,
                                       const WorkflowSet& workflows) {
  db::ArrayBuilder ids;
  db::ArrayBuilder owners;
  db::ArrayBuilder errors;
  for (const size_t i : round) {
    ids.Add(requests[i].id);
    if (requests[i].owner.has_value()) {
      owners.Add(*requests[i].owner);
    } else {
      owners.AddNull();
    }
    errors.Add(requests[i].error);
  }
  db::Params params;
  params.Add(ids.Finish()).Add(owners.Finish());
  switch (action) {
    case ManageAction::kCancel:
      params.Add(errors.Finish());
      return session.Exec(sql::kCancelJobs, params);
    case ManageAction::kRetry:
      AddMaxAttempts(workflows, params);
      return session.Exec(sql::kRetryJobs, params);
    case ManageAction::kDelete:
      return session.Exec(sql::kDeleteJobs, params);
  }
  return InternalError("unknown action");
}

// Sets the answers of the requests whose jobs the statement did not write.
void ExplainRound(db::Session& session, ManageAction action, const Requests& requests,
                  const Round& unwritten, Answers& answers) {
  if (unwritten.empty()) return;
  db::ArrayBuilder ids;
  for (const size_t i : unwritten) ids.Add(requests[i].id);
  db::Params params;
  params.Add(ids.Finish());
  const auto present = session.Exec(sql::kExplainJobs, params);
  absl::flat_hash_map<std::string, pqxx::row> rows;
  if (present.ok()) {
    for (const pqxx::row& row : *present) rows.emplace(row[0].c_str(), row);
  }
  for (const size_t i : unwritten) {
    const auto row = rows.find(requests[i].id);
    if (!present.ok()) {
      answers[i] = present.status();
    } else if (row == rows.end()) {
      answers[i] = MissingError(requests[i]);
    } else {
      answers[i] = Explain(action, requests[i], row->second);
    }
  }
}

// Writes one round, in which no job occurs twice, and sets its answers. If it returns an error, it
// has written nothing.
absl::Status WriteRound(db::Session& session, ManageAction action, const Requests& requests,
                        const Round& round, const WorkflowSet& workflows, Answers& answers) {
  const auto written = ExecRound(session, action, requests, round, workflows);
  if (!written.ok()) return written.status();
  absl::flat_hash_map<std::string, Job> jobs;
  for (const pqxx::row& row : *written) jobs.emplace(row[0].c_str(), ReadJob(row));
  Round unwritten;
  for (const size_t i : round) {
    const auto job = jobs.find(requests[i].id);
    if (job == jobs.end()) {
      unwritten.push_back(i);
    } else {
      answers[i] = std::move(job->second);
    }
  }
  ExplainRound(session, action, requests, unwritten, answers);
  return absl::OkStatus();
}

// Writes the requests on one session. Several requests for one job are written one after the other.
// If it returns an error, it has written nothing.
absl::StatusOr<Answers> WriteAll(db::Session& session, ManageAction action,
                                 const Requests& requests, const WorkflowSet& workflows) {
  Answers answers(requests.size(), Job{});
  const auto rounds = SplitIntoRounds(
      requests.size(), [&requests](size_t i) -> const std::string& { return requests[i].id; });
  for (const Round& round : rounds) {
    const absl::Status status = WriteRound(session, action, requests, round, workflows, answers);
    if (status.ok()) continue;
    if (&round == &rounds.front()) return status;
    for (const size_t i : round) answers[i] = status;
  }
  return answers;
}

Requests MakeRequests(std::vector<std::string> ids, const std::optional<std::string>& owner,
                      const std::string& error) {
  Requests requests;
  requests.reserve(ids.size());
  for (std::string& id : ids) requests.push_back({std::move(id), owner, error});
  return requests;
}

db::Repeat RepeatOf(ManageAction action) {
  // A second run would not find the job that the first run deleted.
  return action == ManageAction::kDelete ? db::Repeat::kNever : db::Repeat::kSafe;
}

size_t WeighRewrite(const ManageRequest& /*request*/) { return kRewriteWeight; }

}  // namespace

ManageStore::ManageStore(StoreContext& context)
    : context_(context),
      cancels_(
          MeasuredBatches(context.options.batches, "cancel_jobs", context.metrics),
          [this](const auto& requests, absl::Time deadline) {
            return WriteBatch(ManageAction::kCancel, requests, deadline);
          },
          WeighRewrite),
      retries_(
          MeasuredBatches(context.options.batches, "retry_jobs", context.metrics),
          [this](const auto& requests, absl::Time deadline) {
            return WriteBatch(ManageAction::kRetry, requests, deadline);
          },
          WeighRewrite),
      deletions_(MeasuredBatches(context.options.batches, "delete_jobs", context.metrics),
                 [this](const auto& requests, absl::Time deadline) {
                   return WriteBatch(ManageAction::kDelete, requests, deadline);
                 }),
      cancel_queue_metric_(RegisterQueueMetric(context.metrics, "cancel_jobs", cancels_)),
      retry_queue_metric_(RegisterQueueMetric(context.metrics, "retry_jobs", retries_)),
      deletion_queue_metric_(RegisterQueueMetric(context.metrics, "delete_jobs", deletions_)) {}

void ManageStore::Close() {
  cancels_.Close();
  retries_.Close();
  deletions_.Close();
}

Task<absl::StatusOr<Job>> ManageStore::Cancel(std::string id, std::optional<std::string> owner,
                                              std::string error, absl::Time deadline) {
  ManageRequest request{std::move(id), std::move(owner), std::move(error)};
  co_return co_await Write(ManageAction::kCancel, std::move(request), deadline);
}

Task<absl::StatusOr<Job>> ManageStore::Retry(std::string id, std::optional<std::string> owner,
                                             absl::Time deadline) {
  ManageRequest request{std::move(id), std::move(owner), ""};
  co_return co_await Write(ManageAction::kRetry, std::move(request), deadline);
}

Task<absl::Status> ManageStore::Delete(std::string id, std::optional<std::string> owner,
                                       absl::Time deadline) {
  ManageRequest request{std::move(id), std::move(owner), ""};
  const absl::StatusOr<Job> job =
      co_await Write(ManageAction::kDelete, std::move(request), deadline);
  co_return job.status();
}

Task<Answers> ManageStore::CancelAll(std::vector<std::string> ids, std::optional<std::string> owner,
                                     std::string error, absl::Time deadline) {
  co_return co_await cancels_.SubmitAll(MakeRequests(std::move(ids), owner, error), deadline);
}

Task<Answers> ManageStore::RetryAll(std::vector<std::string> ids, std::optional<std::string> owner,
                                    absl::Time deadline) {
  co_return co_await retries_.SubmitAll(MakeRequests(std::move(ids), owner, ""), deadline);
}

Task<Answers> ManageStore::DeleteAll(std::vector<std::string> ids, std::optional<std::string> owner,
                                     absl::Time deadline) {
  co_return co_await deletions_.SubmitAll(MakeRequests(std::move(ids), owner, ""), deadline);
}

Task<absl::StatusOr<Job>> ManageStore::Write(ManageAction action, ManageRequest request,
                                             absl::Time deadline) {
  std::function<absl::StatusOr<Job>(db::Session&)> work = [&](db::Session& session) {
    return WriteOne(session, action, request, *context_.options.workflows());
  };
  absl::StatusOr<Job> job =
      co_await context_.pool.Run<Job>(deadline, RepeatOf(action), std::move(work));
  if (!job.ok()) co_return job;
  JobChanges changes;
  Note(action, *job, changes);
  context_.Publish(std::move(changes));
  co_return job;
}

Task<absl::StatusOr<Answers>> ManageStore::WriteBatch(ManageAction action, const Requests& requests,
                                                      absl::Time deadline) {
  std::function<absl::StatusOr<Answers>(db::Session&)> work = [&](db::Session& session) {
    return WriteAll(session, action, requests, *context_.options.workflows());
  };
  absl::StatusOr<Answers> answers =
      co_await context_.pool.Run<Answers>(deadline, RepeatOf(action), std::move(work));
  if (!answers.ok()) co_return answers;
  JobChanges changes;
  for (const absl::StatusOr<Job>& job : *answers) {
    if (job.ok()) Note(action, *job, changes);
  }
  context_.Publish(std::move(changes));
  co_return answers;
}

void ManageStore::Note(ManageAction action, const Job& job, JobChanges& changes) {
  changes.changed.push_back(job.id);
  switch (action) {
    case ManageAction::kCancel:
      context_.job_metrics.RecordFinished(job.status);
      context_.NotePlace(job.workflow_id, changes);
      break;
    case ManageAction::kRetry:
      ++changes.pending[job.workflow_id];
      break;
    case ManageAction::kDelete:
      changes.deleted[job.user_id].push_back(job.id);
      break;
  }
}

}  // namespace vibestack::job_service

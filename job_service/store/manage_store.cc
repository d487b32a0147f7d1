#include "job_service/store/manage_store.h"

#include <functional>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/db/referring_table.h"
#include "job_service/domain/errors.h"
#include "job_service/store/max_attempts.h"
#include "job_service/store/read_store.h"
#include "job_service/store/rows.h"
#include "job_service/store/sql.h"

namespace vibestack::job_service {
namespace {

using Owner = std::optional<std::string>;

// The error for a job that does not exist or is not the owner's.
absl::Status MissingError(const std::string& id, const Owner& owner) {
  if (owner.has_value()) return PermissionDeniedError("NOT_YOURS", "the job is not yours");
  return NotFoundError("job", id);
}

// Reads the job as it is now; MissingError if it is not the owner's.
absl::StatusOr<Job> ReadPresent(db::Session& session, const std::string& id, const Owner& owner) {
  const std::vector<JobKey> keys{{id, true}};
  const absl::StatusOr<std::vector<JobPtr>> jobs = GetJobs(session, keys);
  if (!jobs.ok()) return jobs.status();
  const JobPtr& job = jobs->front();
  if (job == nullptr || (owner.has_value() && job->user_id != *owner)) {
    return MissingError(id, owner);
  }
  return *job;
}

absl::StatusOr<Job> CancelJob(db::Session& session, const std::string& id, const Owner& owner,
                              const std::string& result) {
  // Tries several times, because a sweep or a claim may change the job between the two statements,
  // so that neither matches it.
  constexpr int kTries = 5;
  for (int i = 0; i < kTries; ++i) {
    db::Params write;
    write.Add(id).Add(result).Add(owner);
    const auto cancelled = session.Exec(sql::kCancelJob, write);
    if (!cancelled.ok()) return cancelled.status();
    if (!cancelled->empty()) return ReadJob((*cancelled)[0]);
    db::Params read;
    read.Add(id);
    const auto present = session.Exec(sql::kFindCancelled, read);
    if (!present.ok()) return present.status();
    if (present->empty()) return MissingError(id, owner);
    Job job = ReadJob((*present)[0]);
    if (owner.has_value() && job.user_id != *owner) return MissingError(id, owner);
    const bool was_cancelled = (*present)[0][7].as<bool>();
    if (was_cancelled) return job;
    if (job.status == JobStatus::kUnknown) return UnknownStatusError();
    if (job.status != JobStatus::kPending && job.status != JobStatus::kProcessing) {
      return FailedPreconditionError("JOB_TERMINAL", "the job has ended");
    }
  }
  return ConflictError();
}

absl::StatusOr<Job> RetryJob(db::Session& session, const std::string& id, const Owner& owner,
                             const WorkflowSet& workflows) {
  db::Params params;
  params.Add(id).Add(owner);
  AddMaxAttempts(workflows, params);
  const auto retried = session.Exec(sql::kRetryJob, params);
  if (!retried.ok()) return retried.status();
  if (!retried->empty()) return ReadJob((*retried)[0]);
  absl::StatusOr<Job> job = ReadPresent(session, id, owner);
  if (!job.ok() || job->status == JobStatus::kPending) return job;
  if (job->status == JobStatus::kUnknown) return UnknownStatusError();
  return FailedPreconditionError("JOB_NOT_FAILED", "only a failed job can be retried");
}

absl::StatusOr<Job> DeleteJob(db::Session& session, const std::string& id, const Owner& owner) {
  db::Params params;
  params.Add(id).Add(owner);
  const auto deleted = session.Exec(sql::kDeleteJob, params);
  if (db::IsReferenceError(deleted.status())) {
    const auto table = db::FindReferringTable(session, sql::kFindReferringTable);
    return table.ok() ? db::StillReferencedError(*table) : table.status();
  }
  if (!deleted.ok()) return deleted.status();
  if (!deleted->empty()) return ReadJob((*deleted)[0]);
  const absl::StatusOr<Job> job = ReadPresent(session, id, owner);
  if (!job.ok()) return job.status();
  if (job->status == JobStatus::kUnknown) return UnknownStatusError();
  return FailedPreconditionError("JOB_NOT_TERMINAL", "the job has not ended; cancel it first");
}

}  // namespace

Task<absl::StatusOr<Job>> ManageStore::Cancel(std::string id, std::optional<std::string> owner,
                                              std::string result, absl::Time deadline) {
  std::function<absl::StatusOr<Job>(db::Session&)> work = [&](db::Session& session) {
    return CancelJob(session, id, owner, result);
  };
  absl::StatusOr<Job> job =
      co_await context_.RunUntilUnlocked<Job>(deadline, db::Repeat::kSafe, std::move(work));
  if (!job.ok()) co_return job;
  context_.job_metrics.RecordFinished(job->status);
  JobChanges changes;
  context_.NotePlace(job->workflow_id, changes);
  changes.changed.push_back(job->id);
  context_.Publish(std::move(changes));
  co_return job;
}

Task<absl::StatusOr<Job>> ManageStore::Retry(std::string id, std::optional<std::string> owner,
                                             absl::Time deadline) {
  std::function<absl::StatusOr<Job>(db::Session&)> work = [&](db::Session& session) {
    return RetryJob(session, id, owner, *context_.options.workflows());
  };
  absl::StatusOr<Job> job =
      co_await context_.RunUntilUnlocked<Job>(deadline, db::Repeat::kSafe, std::move(work));
  if (!job.ok()) co_return job;
  JobChanges changes;
  changes.changed.push_back(job->id);
  ++changes.pending[job->workflow_id];
  context_.Publish(std::move(changes));
  co_return job;
}

Task<absl::Status> ManageStore::Delete(std::string id, std::optional<std::string> owner,
                                       absl::Time deadline) {
  std::function<absl::StatusOr<Job>(db::Session&)> work = [&](db::Session& session) {
    return DeleteJob(session, id, owner);
  };
  // Not repeated: the second run would not find the job that the first run deleted.
  const absl::StatusOr<Job> job =
      co_await context_.RunUntilUnlocked<Job>(deadline, db::Repeat::kNever, std::move(work));
  if (!job.ok()) co_return job.status();
  JobChanges changes;
  changes.changed.push_back(job->id);
  changes.deleted[job->user_id].push_back(job->id);
  context_.Publish(std::move(changes));
  co_return absl::OkStatus();
}

}  // namespace vibestack::job_service

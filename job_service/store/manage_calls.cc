// The calls of JobStore by which jobs are handed back, tried again, deleted and counted.
#include <utility>

#include "job_service/store/job_store.h"

namespace vibestack::job_service {
namespace {

constexpr int kMostWorkflows = 1'000;
constexpr int kMostJobs = 10'000;

}  // namespace

Task<absl::StatusOr<std::vector<absl::Status>>> JobStore::Release(std::vector<Lease> leases,
                                                                  absl::Time deadline) {
  std::function<absl::StatusOr<HeldJobs>(db::Session&)> work =
      [&leases](db::Session& session) -> absl::StatusOr<HeldJobs> {
    return AnswerOf(ReleaseJobs(session, leases));
  };
  // Never repeated: a job that was handed back has another token.
  const absl::StatusOr<HeldJobs> released =
      co_await pool_.Run<HeldJobs>(deadline, db::Repeat::kNever, std::move(work));
  if (!released.ok()) co_return released.status();
  JobChanges changes;
  std::vector<absl::Status> outcomes;
  for (size_t i = 0; i < leases.size(); ++i) {
    const absl::StatusOr<HeldJob>& job = (*released)[i];
    counts_.Told(JobMetrics::LeaseCall::kRelease, job.status());
    outcomes.push_back(job.status());
    if (!job.ok()) continue;
    changes.changed.push_back(leases[i].job_id);
    ++changes.pending[job->workflow_id];
  }
  Publish(std::move(changes));
  co_return outcomes;
}

Task<absl::StatusOr<Job>> JobStore::Retry(std::string id, std::optional<std::string> owner,
                                          absl::Time deadline) {
  std::function<absl::StatusOr<Job>(db::Session&)> work = [&](db::Session& session) {
    return RetryJob(session, id, owner, *options_.workflows());
  };
  absl::StatusOr<Job> job = co_await pool_.Run<Job>(deadline, db::Repeat::kSafe, std::move(work));
  if (!job.ok()) co_return job;
  JobChanges changes;
  changes.changed.push_back(job->id);
  ++changes.pending[job->workflow_id];
  Publish(std::move(changes));
  co_return job;
}

Task<absl::Status> JobStore::Delete(std::string id, std::optional<std::string> owner,
                                    absl::Time deadline) {
  std::function<absl::StatusOr<Job>(db::Session&)> work = [&](db::Session& session) {
    return DeleteJob(session, id, owner);
  };
  // Never repeated: it would not find what it has deleted.
  const absl::StatusOr<Job> job =
      co_await pool_.Run<Job>(deadline, db::Repeat::kNever, std::move(work));
  if (!job.ok()) co_return job.status();
  JobChanges changes;
  changes.changed.push_back(job->id);
  changes.deleted[job->user_id].push_back(job->id);
  Publish(std::move(changes));
  co_return absl::OkStatus();
}

Task<absl::StatusOr<std::vector<WorkflowStats>>> JobStore::Count(
    std::vector<std::string> workflow_ids, absl::Time deadline) {
  using Stats = std::vector<WorkflowStats>;
  std::function<absl::StatusOr<Stats>(db::Session&)> work = [&workflow_ids](db::Session& session) {
    return CountJobs(session, workflow_ids, kMostWorkflows, kMostJobs);
  };
  co_return co_await lagging_.Run<Stats>(deadline, std::move(work));
}

Task<absl::StatusOr<JobCounts>> JobStore::CountAll(absl::Time deadline) {
  std::function<absl::StatusOr<JobCounts>(db::Session&)> work = [](db::Session& session) {
    return CountAllJobs(session, kMostJobs);
  };
  co_return co_await pool_.Run<JobCounts>(deadline, db::Repeat::kSafe, std::move(work));
}

Task<absl::StatusOr<int>> JobStore::Expire(absl::Duration retention, int limit,
                                           absl::Time deadline) {
  using Jobs = std::vector<Job>;
  std::function<absl::StatusOr<Jobs>(db::Session&)> work = [=](db::Session& session) {
    return ExpireJobs(session, retention, limit);
  };
  const absl::StatusOr<Jobs> jobs =
      co_await pool_.Run<Jobs>(deadline, db::Repeat::kSafe, std::move(work));
  if (!jobs.ok()) co_return jobs.status();
  JobChanges changes;
  for (const Job& job : *jobs) {
    changes.changed.push_back(job.id);
    changes.deleted[job.user_id].push_back(job.id);
  }
  Publish(std::move(changes));
  co_return static_cast<int>(jobs->size());
}

}  // namespace vibestack::job_service

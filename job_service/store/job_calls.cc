// The calls of JobStore that are statements of their own, and heartbeats.
#include <utility>

#include "job_service/store/job_store.h"

namespace vibestack::job_service {

absl::StatusOr<JobStore::HeldJobs> JobStore::AnswerOf(HeldJobs leases) {
  for (const absl::StatusOr<HeldJob>& lease : leases) {
    if (lease.ok() || absl::IsAborted(lease.status()) || absl::IsNotFound(lease.status())) {
      return leases;
    }
  }
  return leases.empty() ? absl::StatusOr<HeldJobs>(leases) : leases.front().status();
}

Task<absl::StatusOr<std::vector<Creation>>> JobStore::CreateAll(std::vector<NewJob> jobs,
                                                                absl::Time deadline) {
  using Creations = std::vector<Creation>;
  std::function<absl::StatusOr<Creations>(db::Session&)> work =
      [&jobs](db::Session& session) -> absl::StatusOr<Creations> {
    Creations creations;
    const absl::Status status = session.Transact([&]() -> absl::Status {
      auto made = CreateJobs(session, jobs, /*with_results=*/false);
      if (!made.ok()) return made.status();
      for (absl::StatusOr<Creation>& creation : *made) {
        if (!creation.ok()) return creation.status();
        creations.push_back(*std::move(creation));
      }
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
    return creations;
  };
  absl::StatusOr<Creations> creations =
      co_await pool_.Run<Creations>(deadline, db::Repeat::kSafe, std::move(work));
  if (!creations.ok()) co_return creations;
  JobChanges changes;
  size_t created = 0;
  for (size_t i = 0; i < jobs.size(); ++i) {
    AddChange(jobs[i], (*creations)[i], changes);
    if ((*creations)[i].existing == nullptr) ++created;
  }
  counts_.Created(created);
  Publish(std::move(changes));
  co_return creations;
}

Task<absl::StatusOr<std::vector<JobPtr>>> JobStore::GetAll(std::vector<JobKey> keys,
                                                           absl::Time deadline) {
  using Jobs = std::vector<JobPtr>;
  std::function<absl::StatusOr<Jobs>(db::Session&)> work = [&keys](db::Session& session) {
    return GetJobs(session, keys);
  };
  co_return co_await pool_.Run<Jobs>(deadline, db::Repeat::kSafe, std::move(work));
}

Task<absl::StatusOr<std::vector<JobPtr>>> JobStore::GetUpTo(std::vector<std::string> ids,
                                                            absl::Time deadline) {
  using Jobs = std::vector<JobPtr>;
  std::function<absl::StatusOr<Jobs>(db::Session&)> work = [&ids](db::Session& session) {
    return GetJobsUpTo(session, ids);
  };
  co_return co_await pool_.Run<Jobs>(deadline, db::Repeat::kSafe, std::move(work));
}

Task<absl::StatusOr<JobPage>> JobStore::List(JobQuery query, absl::Time deadline) {
  std::function<absl::StatusOr<JobPage>(db::Session&)> work = [&query](db::Session& session) {
    return ListJobs(session, query);
  };
  if (query.may_lag) co_return co_await lagging_.Run<JobPage>(deadline, std::move(work));
  co_return co_await pool_.Run<JobPage>(deadline, db::Repeat::kSafe, std::move(work));
}

Task<absl::StatusOr<JobStore::HeldJobs>> JobStore::Heartbeat(std::vector<Lease> leases,
                                                             absl::Time deadline) {
  co_return co_await heartbeats_.Submit(std::move(leases), deadline);
}

Task<absl::StatusOr<JobStore::HeartbeatBatches::Answers>> JobStore::HeartbeatBatch(
    const std::vector<Leases>& calls, absl::Time deadline) {
  Leases all;
  for (const Leases& leases : calls) all.insert(all.end(), leases.begin(), leases.end());
  std::function<absl::StatusOr<HeldJobs>(db::Session&)> work =
      [&all](db::Session& session) -> absl::StatusOr<HeldJobs> {
    return HeartbeatJobs(session, all);
  };
  // Never repeated: a heartbeat that was applied has replaced its own token.
  absl::StatusOr<HeldJobs> extended =
      co_await pool_.Run<HeldJobs>(deadline, db::Repeat::kNever, std::move(work));
  if (!extended.ok()) co_return extended.status();
  for (const absl::StatusOr<HeldJob>& lease : *extended) {
    counts_.Told(JobMetrics::LeaseCall::kHeartbeat, lease.status());
  }
  HeartbeatBatches::Answers answers;
  auto next = extended->begin();
  for (const Leases& leases : calls) {
    const auto end = next + static_cast<ptrdiff_t>(leases.size());
    answers.push_back(
        AnswerOf(HeldJobs(std::make_move_iterator(next), std::make_move_iterator(end))));
    next = end;
  }
  co_return answers;
}

Task<absl::StatusOr<Job>> JobStore::Cancel(std::string id, std::optional<std::string> owner,
                                           std::string result, absl::Time deadline) {
  std::function<absl::StatusOr<Job>(db::Session&)> work = [&](db::Session& session) {
    return CancelJob(session, id, owner, result);
  };
  absl::StatusOr<Job> job = co_await pool_.Run<Job>(deadline, db::Repeat::kSafe, std::move(work));
  if (!job.ok()) co_return job;
  counts_.Finished(job->status);
  JobChanges changes;
  changes.changed.push_back(job->id);
  Publish(std::move(changes));
  co_return job;
}

absl::Duration JobStore::LeaseDuration(const std::string& workflow_id) const {
  const WorkflowSetPtr workflows = options_.workflows();
  const auto it = workflows->all().find(workflow_id);
  if (it == workflows->all().end()) return options_.lease_duration;
  return it->second.lease_duration.value_or(options_.lease_duration);
}

Task<absl::StatusOr<int>> JobStore::Sweep(int limit, absl::Time deadline) {
  using Jobs = std::vector<Job>;
  std::function<absl::StatusOr<Jobs>(db::Session&)> work = [this, limit](db::Session& session) {
    return SweepJobs(session, options_.lease_duration, *options_.workflows(), limit);
  };
  const absl::StatusOr<Jobs> jobs =
      co_await pool_.Run<Jobs>(deadline, db::Repeat::kSafe, std::move(work));
  if (!jobs.ok()) co_return jobs.status();
  JobChanges changes;
  for (const Job& job : *jobs) {
    changes.changed.push_back(job.id);
    ++changes.pending[job.workflow_id];
  }
  Publish(std::move(changes));
  co_return static_cast<int>(jobs->size());
}

Task<absl::StatusOr<RecentChanges>> JobStore::FindChanged(absl::Time since, absl::Time deadline) {
  std::function<absl::StatusOr<RecentChanges>(db::Session&)> work = [since](db::Session& session) {
    return FindChangedJobs(session, since);
  };
  co_return co_await pool_.Run<RecentChanges>(deadline, db::Repeat::kSafe, std::move(work));
}

}  // namespace vibestack::job_service

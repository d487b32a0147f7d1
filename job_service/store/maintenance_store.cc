#include "job_service/store/maintenance_store.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "job_service/domain/job.h"
#include "job_service/store/max_attempts.h"
#include "job_service/store/sql.h"

namespace vibestack::job_service {
namespace {

// Each job has only its id and its workflow_id.
std::vector<Job> ReadSwept(const pqxx::result& rows) {
  std::vector<Job> jobs;
  for (const pqxx::row& row : rows) {
    Job& job = jobs.emplace_back();
    job.id = row[0].c_str();
    job.workflow_id = row[1].c_str();
  }
  return jobs;
}

// Each job has only its id, its workflow_id and its status.
absl::StatusOr<std::vector<Job>> SweepJobs(db::Session& session, const WorkflowSet& workflows,
                                           int limit) {
  db::ArrayBuilder ids;
  db::ArrayBuilder leases;
  for (const auto& [id, workflow] : workflows.all()) {
    if (!workflow.push.has_value() && !workflow.lease_duration.has_value()) continue;
    ids.Add(id);
    leases.Add(workflow.push.has_value()
                   ? "-1"
                   : std::to_string(absl::ToInt64Microseconds(*workflow.lease_duration)));
  }
  db::Params params;
  params.Add(absl::ToInt64Microseconds(workflows.default_lease_duration())).Add(int64_t{limit});
  params.Add(ids.Finish()).Add(leases.Finish());
  AddMaxAttempts(workflows, params);
  const absl::StatusOr<pqxx::result> rows = session.Exec(sql::kSweepJobs, params);
  if (!rows.ok()) return rows.status();
  std::vector<Job> jobs = ReadSwept(*rows);
  for (size_t i = 0; i < jobs.size(); ++i) {
    jobs[i].status = ParseJobStatus((*rows)[static_cast<int>(i)][2].c_str());
  }
  return jobs;
}

// Returns the deleted jobs, each with its id and its user_id only.
absl::StatusOr<std::vector<Job>> ExpireJobs(db::Session& session, absl::Duration retention,
                                            int limit) {
  db::Params params;
  params.Add(absl::ToInt64Microseconds(retention)).Add(int64_t{limit});
  const auto rows = session.Exec(sql::kExpireJobs, params);
  if (!rows.ok()) return rows.status();
  std::vector<Job> jobs;
  for (const pqxx::row& row : *rows) {
    Job& job = jobs.emplace_back();
    job.id = row[0].c_str();
    job.user_id = row[1].c_str();
  }
  return jobs;
}

}  // namespace

Task<absl::StatusOr<int>> MaintenanceStore::SweepLeases(int limit, absl::Time deadline) {
  using Jobs = std::vector<Job>;
  std::function<absl::StatusOr<Jobs>(db::Session&)> work = [this, limit](db::Session& session) {
    return SweepJobs(session, *context_.options.workflows(), limit);
  };
  const absl::StatusOr<Jobs> jobs =
      co_await context_.pool.Run<Jobs>(deadline, db::Repeat::kSafe, std::move(work));
  if (!jobs.ok()) co_return jobs.status();
  JobChanges changes;
  for (const Job& job : *jobs) {
    changes.changed.push_back(job.id);
    context_.job_metrics.RecordFinished(job.status);
    context_.NotePlace(job.workflow_id, changes);
  }
  context_.Publish(std::move(changes));
  co_return static_cast<int>(jobs->size());
}

Task<absl::StatusOr<int>> MaintenanceStore::ReleaseScheduled(int limit, absl::Time deadline) {
  using Jobs = std::vector<Job>;
  std::function<absl::StatusOr<Jobs>(db::Session&)> work =
      [limit](db::Session& session) -> absl::StatusOr<Jobs> {
    db::Params params;
    params.Add(int64_t{limit});
    const auto rows = session.Exec(sql::kReleaseScheduled, params);
    if (!rows.ok()) return rows.status();
    return ReadSwept(*rows);
  };
  const absl::StatusOr<Jobs> jobs =
      co_await context_.pool.Run<Jobs>(deadline, db::Repeat::kSafe, std::move(work));
  if (!jobs.ok()) co_return jobs.status();
  JobChanges changes;
  for (const Job& job : *jobs) {
    changes.changed.push_back(job.id);
    ++changes.pending[job.workflow_id];
  }
  context_.Publish(std::move(changes));
  co_return static_cast<int>(jobs->size());
}

Task<absl::StatusOr<int>> MaintenanceStore::DeleteExpired(absl::Duration retention, int limit,
                                                          absl::Time deadline) {
  using Jobs = std::vector<Job>;
  std::function<absl::StatusOr<Jobs>(db::Session&)> work = [=](db::Session& session) {
    return ExpireJobs(session, retention, limit);
  };
  const absl::StatusOr<Jobs> jobs =
      co_await context_.pool.Run<Jobs>(deadline, db::Repeat::kSafe, std::move(work));
  if (!jobs.ok()) co_return jobs.status();
  JobChanges changes;
  for (const Job& job : *jobs) {
    changes.changed.push_back(job.id);
    changes.deleted[job.user_id].push_back(job.id);
  }
  context_.Publish(std::move(changes));
  co_return static_cast<int>(jobs->size());
}

}  // namespace vibestack::job_service

#include "job_service/store/maintenance_store.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "job_service/domain/job.h"
#include "job_service/store/max_attempts.h"
#include "job_service/store/refused_jobs.h"
#include "job_service/store/sql.h"
#include "job_service/store/sweep.h"

namespace vibestack::job_service {
namespace {

// The leases of pushed workflows never expire.
db::Params SweepParams(const WorkflowSet& workflows, int limit) {
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
  return params;
}

// Returns the deleted jobs, each with its id and its user_id only.
absl::StatusOr<std::vector<Job>> ExpireJobs(db::Session& session, RefusedJobs& refused,
                                            absl::Duration retention, int limit) {
  const SetStatement statement{sql::kExpireJobs, sql::kFindOldJob, [retention](int most) {
                                 db::Params params;
                                 params.Add(absl::ToInt64Microseconds(retention));
                                 params.Add(int64_t{most});
                                 return params;
                               }};
  std::vector<Job> jobs;
  const absl::Status status =
      RunSetStatement(session, refused, statement, limit, [&jobs](const pqxx::result& rows) {
        for (const pqxx::row& row : rows) {
          Job& job = jobs.emplace_back();
          job.id = row[0].c_str();
          job.user_id = row[1].c_str();
        }
      });
  // The jobs that were deleted before the error are published.
  if (!status.ok() && jobs.empty()) return status;
  return jobs;
}

}  // namespace

Task<absl::StatusOr<int>> MaintenanceStore::SweepLeases(int limit, absl::Time deadline) {
  const WorkflowSetPtr workflows = context_.options.workflows();
  SetStatement statement{sql::kSweepJobs, sql::kFindExpiredLease,
                         [workflows](int most) { return SweepParams(*workflows, most); }};
  co_return co_await RunSweep(context_, std::move(statement), limit, SweepEffect::kEndsAttempts,
                              deadline);
}

Task<absl::StatusOr<int>> MaintenanceStore::ReleaseScheduled(int limit, absl::Time deadline) {
  SetStatement statement{sql::kReleaseScheduled, sql::kFindScheduled, [](int most) {
                           db::Params params;
                           params.Add(int64_t{most});
                           return params;
                         }};
  co_return co_await RunSweep(context_, std::move(statement), limit, SweepEffect::kMakesReady,
                              deadline);
}

Task<absl::StatusOr<int>> MaintenanceStore::DeleteExpired(absl::Duration retention, int limit,
                                                          absl::Time deadline) {
  using Jobs = std::vector<Job>;
  std::function<absl::StatusOr<Jobs>(db::Session&)> work = [&](db::Session& session) {
    return ExpireJobs(session, context_.refused, retention, limit);
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

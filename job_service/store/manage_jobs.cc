#include "absl/container/flat_hash_map.h"
#include "common/base/error.h"
#include "job_service/store/not_there.h"
#include "job_service/store/rows.h"
#include "job_service/store/sql.h"
#include "job_service/store/statements.h"

namespace vibestack::job_service {
namespace {

// The job as it is, if it is there for the owner.
absl::StatusOr<Job> Look(db::Session& session, const std::string& id,
                         const std::optional<std::string>& owner) {
  const std::vector<JobKey> keys{{id, false}};
  const absl::StatusOr<std::vector<JobPtr>> jobs = GetJobs(session, keys);
  if (!jobs.ok()) return jobs.status();
  const JobPtr& job = jobs->front();
  if (job == nullptr || (owner.has_value() && job->user_id != *owner)) {
    return NotThereError(id, owner);
  }
  return *job;
}

}  // namespace

absl::StatusOr<Job> RetryJob(db::Session& session, const std::string& id,
                             const std::optional<std::string>& owner,
                             const WorkflowSet& workflows) {
  db::ArrayBuilder pushed;
  for (const auto& [workflow_id, workflow] : workflows.all()) {
    if (workflow.push.has_value()) pushed.Add(workflow_id);
  }
  db::Params params;
  params.Add(id).Add(owner).Add(pushed.Finish());
  const auto retried = session.Exec(sql::kRetryJob, params);
  if (!retried.ok()) return retried.status();
  if (!retried->empty()) return ReadJob((*retried)[0]);
  absl::StatusOr<Job> job = Look(session, id, owner);
  if (!job.ok() || job->status == JobStatus::kPending) return job;
  return FailedPreconditionError("JOB_NOT_FAILED", "the job is processed or completed");
}

absl::StatusOr<Job> DeleteJob(db::Session& session, const std::string& id,
                              const std::optional<std::string>& owner) {
  db::Params params;
  params.Add(id).Add(owner);
  const auto deleted = session.Exec(sql::kDeleteJob, params);
  if (!deleted.ok()) return deleted.status();
  if (!deleted->empty()) return ReadJob((*deleted)[0]);
  const absl::StatusOr<Job> job = Look(session, id, owner);
  if (!job.ok()) return job.status();
  return FailedPreconditionError("JOB_NOT_TERMINAL", "the job has not ended; cancel it first");
}

absl::StatusOr<std::vector<WorkflowStats>> CountJobs(db::Session& session,
                                                     std::vector<std::string> workflow_ids,
                                                     int most_workflows, int most_jobs) {
  if (workflow_ids.empty()) {
    db::Params params;
    params.Add(int64_t{most_workflows});
    const auto names = session.Exec(sql::kFindWorkflows, params);
    if (!names.ok()) return names.status();
    for (const pqxx::row& row : *names) workflow_ids.emplace_back(row[0].c_str());
  }
  db::Params params;
  params.Add(db::EncodeArray(workflow_ids)).Add(int64_t{most_jobs});
  const auto rows = session.Exec(sql::kCountJobs, params);
  if (!rows.ok()) return rows.status();
  absl::flat_hash_map<std::string, WorkflowStats> found;
  for (const pqxx::row& row : *rows) {
    WorkflowStats& workflow = found[row[0].c_str()];
    workflow.workflow_id = row[0].c_str();
    workflow.jobs[ParseJobStatus(row[1].c_str())] = row[2].as<int>();
    if (!row[3].is_null()) workflow.oldest_pending = absl::Microseconds(row[3].as<int64_t>());
  }
  std::vector<WorkflowStats> stats;
  stats.reserve(workflow_ids.size());
  for (const std::string& workflow_id : workflow_ids) stats.push_back(found[workflow_id]);
  return stats;
}

absl::StatusOr<JobCounts> CountAllJobs(db::Session& session, int most_jobs) {
  db::Params params;
  params.Add(int64_t{most_jobs});
  const auto rows = session.Exec(sql::kCountAllJobs, params);
  if (!rows.ok()) return rows.status();
  JobCounts counts;
  for (const pqxx::row& row : *rows) {
    counts.jobs[ParseJobStatus(row[0].c_str())] = row[1].as<int>();
    if (!row[2].is_null()) counts.oldest_pending = absl::Microseconds(row[2].as<int64_t>());
  }
  return counts;
}

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

}  // namespace vibestack::job_service

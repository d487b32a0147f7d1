#include "job_service/store/stats_store.h"

#include <functional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "job_service/store/sql.h"

namespace vibestack::job_service {
namespace {

constexpr int kMaxWorkflows = 1'000;
constexpr int kMaxCount = 10'000;
// Smaller, because no index has the workflow of a recent failure, so each one is a read of its row.
constexpr int kMaxRecentFailures = 1'000;

absl::StatusOr<std::vector<WorkflowStats>> CountJobs(db::Session& session,
                                                     std::vector<std::string> workflow_ids) {
  if (workflow_ids.empty()) {
    db::Params params;
    params.Add(int64_t{kMaxWorkflows});
    const auto names = session.Exec(sql::kFindWorkflows, params);
    if (!names.ok()) return names.status();
    for (const pqxx::row& row : *names) workflow_ids.emplace_back(row[0].c_str());
  }
  db::Params params;
  params.Add(db::EncodeArray(workflow_ids)).Add(int64_t{kMaxCount});
  const auto rows = session.Exec(sql::kCountJobs, params);
  if (!rows.ok()) return rows.status();
  absl::flat_hash_map<std::string, WorkflowStats> found;
  for (const pqxx::row& row : *rows) {
    WorkflowStats& workflow = found[row[0].c_str()];
    workflow.workflow_id = row[0].c_str();
    workflow.jobs[ParseJobStatus(row[1].c_str())] = row[2].as<int>();
    if (!row[3].is_null()) workflow.oldest_pending = absl::Microseconds(row[3].as<int64_t>());
  }
  db::Params failure_params;
  failure_params.Add(int64_t{kMaxRecentFailures});
  const auto failures = session.Exec(sql::kCountRecentFailures, failure_params);
  if (!failures.ok()) return failures.status();
  for (const pqxx::row& row : *failures) {
    const auto workflow = found.find(row[0].c_str());
    if (workflow != found.end()) workflow->second.recently_failed = row[1].as<int>();
  }
  std::vector<WorkflowStats> stats;
  stats.reserve(workflow_ids.size());
  for (const std::string& workflow_id : workflow_ids) stats.push_back(found[workflow_id]);
  return stats;
}

absl::StatusOr<JobCounts> CountAllJobs(db::Session& session) {
  db::Params params;
  params.Add(int64_t{kMaxCount});
  const auto rows = session.Exec(sql::kCountAllJobs, params);
  if (!rows.ok()) return rows.status();
  JobCounts counts;
  for (const pqxx::row& row : *rows) {
    counts.jobs[ParseJobStatus(row[0].c_str())] = row[1].as<int>();
    if (!row[2].is_null()) counts.oldest_pending = absl::Microseconds(row[2].as<int64_t>());
  }
  return counts;
}

}  // namespace

Task<absl::StatusOr<std::vector<WorkflowStats>>> StatsStore::CountByWorkflow(
    std::vector<std::string> workflow_ids, absl::Time deadline) {
  using Stats = std::vector<WorkflowStats>;
  std::function<absl::StatusOr<Stats>(db::Session&)> work = [&workflow_ids](db::Session& session) {
    return CountJobs(session, workflow_ids);
  };
  co_return co_await standby_reads_.Run<Stats>(deadline, std::move(work));
}

Task<absl::StatusOr<JobCounts>> StatsStore::CountAll(absl::Time deadline) {
  std::function<absl::StatusOr<JobCounts>(db::Session&)> work = [](db::Session& session) {
    return CountAllJobs(session);
  };
  co_return co_await pool_.Run<JobCounts>(deadline, db::Repeat::kSafe, std::move(work));
}

}  // namespace vibestack::job_service

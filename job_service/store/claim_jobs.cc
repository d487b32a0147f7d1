#include "job_service/store/rows.h"
#include "job_service/store/sql.h"
#include "job_service/store/statements.h"

namespace vibestack::job_service {
namespace {

// Sorts before every user.
constexpr char kBeforeAllUsers[] = "00000000-0000-0000-0000-000000000000";

}  // namespace

absl::StatusOr<std::vector<Job>> ClaimOldest(db::Session& session,
                                             const std::vector<std::string>& workflow_ids,
                                             int limit) {
  db::Params params;
  params.Add(db::EncodeArray(workflow_ids)).Add(int64_t{limit});
  const absl::StatusOr<pqxx::result> rows = session.Exec(sql::kClaimOldest, params);
  if (!rows.ok()) return rows.status();
  return ReadJobs(*rows);
}

absl::StatusOr<std::vector<Job>> ClaimFairly(db::Session& session,
                                             std::vector<RoundRobinPosition>& turns, int users,
                                             int limit) {
  db::ArrayBuilder workflows;
  db::ArrayBuilder after;
  for (const RoundRobinPosition& turn : turns) {
    workflows.Add(turn.workflow_id);
    after.Add(turn.after_user_id.empty() ? kBeforeAllUsers : turn.after_user_id);
  }
  db::Params params;
  params.Add(workflows.Finish()).Add(after.Finish()).Add(int64_t{users}).Add(int64_t{limit});
  const absl::StatusOr<pqxx::result> rows = session.Exec(sql::kClaimFairly, params);
  if (!rows.ok()) return rows.status();
  std::vector<Job> jobs;
  for (RoundRobinPosition& turn : turns) turn.after_user_id.clear();
  for (const pqxx::row& row : *rows) {
    if (!row[0].is_null()) {
      jobs.push_back(ReadJob(row));
      continue;
    }
    for (RoundRobinPosition& turn : turns) {
      if (turn.workflow_id == row[2].c_str()) turn.after_user_id = row[1].c_str();
    }
  }
  return jobs;
}

absl::StatusOr<std::vector<Job>> SweepJobs(db::Session& session, absl::Duration lease_duration,
                                           const WorkflowSet& workflows, int limit) {
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
  params.Add(absl::ToInt64Microseconds(lease_duration)).Add(int64_t{limit});
  params.Add(ids.Finish()).Add(leases.Finish());
  const absl::StatusOr<pqxx::result> rows = session.Exec(sql::kSweepJobs, params);
  if (!rows.ok()) return rows.status();
  std::vector<Job> jobs;
  for (const pqxx::row& row : *rows) {
    Job& job = jobs.emplace_back();
    job.id = row[0].c_str();
    job.workflow_id = row[1].c_str();
  }
  return jobs;
}

}  // namespace vibestack::job_service

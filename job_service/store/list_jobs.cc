#include "job_service/store/rows.h"
#include "job_service/store/sql.h"
#include "job_service/store/statements.h"

namespace vibestack::job_service {
namespace {

constexpr char kLowestId[] = "00000000-0000-0000-0000-000000000000";
constexpr char kHighestId[] = "ffffffff-ffff-ffff-ffff-ffffffffffff";

// The statement of a list's shape. A user's or a workflow's index is used where one is named.
const db::Statement& StatementOf(const JobQuery& query) {
  const bool oldest = query.oldest_first;
  const bool status = query.status.has_value();
  if (query.user_id.has_value()) {
    if (status) return oldest ? sql::kListUserStatusJobsOldest : sql::kListUserStatusJobsNewest;
    return oldest ? sql::kListUserJobsOldest : sql::kListUserJobsNewest;
  }
  if (query.workflow_id.has_value()) {
    if (status) {
      return oldest ? sql::kListWorkflowStatusJobsOldest : sql::kListWorkflowStatusJobsNewest;
    }
    return oldest ? sql::kListWorkflowJobsOldest : sql::kListWorkflowJobsNewest;
  }
  if (status) return oldest ? sql::kListStatusJobsOldest : sql::kListStatusJobsNewest;
  return oldest ? sql::kListJobsOldest : sql::kListJobsNewest;
}

// Where the page begins, exclusive, as the position of a row that may not exist.
JobQuery::Position StartOf(const JobQuery& query) {
  if (query.after.has_value()) return *query.after;
  if (!query.oldest_first) return {query.created_before, kLowestId};
  // Just before the first row of that very microsecond.
  return {query.created_from - absl::Microseconds(1), kHighestId};
}

db::Params ListParams(const JobQuery& query) {
  const JobQuery::Position start = StartOf(query);
  db::Params params;
  params.Add(db::FormatTimestamp(start.created_at)).Add(start.id);
  params.Add(db::FormatTimestamp(query.oldest_first ? query.created_before : query.created_from));
  params.Add(static_cast<int64_t>(query.limit)).Add(query.with_result);
  if (query.user_id.has_value()) {
    params.Add(*query.user_id);
  } else if (query.workflow_id.has_value()) {
    params.Add(*query.workflow_id);
  }
  if (query.status.has_value()) params.Add(JobStatusName(*query.status));
  if (query.user_id.has_value()) params.Add(query.workflow_id);
  return params;
}

}  // namespace

absl::StatusOr<std::vector<Job>> ListJobs(db::Session& session, const JobQuery& query) {
  const absl::StatusOr<pqxx::result> rows = session.Exec(StatementOf(query), ListParams(query));
  if (!rows.ok()) return rows.status();
  return ReadJobs(*rows);
}

}  // namespace vibestack::job_service

#include "job_service/store/list_store.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "job_service/store/read_store.h"
#include "job_service/store/rows.h"
#include "job_service/store/sql.h"

namespace vibestack::job_service {
namespace {

constexpr int64_t kMaxEndedJobs = 1'000;
constexpr char kLowestId[] = "00000000-0000-0000-0000-000000000000";
constexpr char kHighestId[] = "ffffffff-ffff-ffff-ffff-ffffffffffff";

// The statement for the filters of this query. It uses the index of the user or of the workflow, if
// the query has one.
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

// The page begins after this position. There may be no row at it.
JobQuery::Position StartOf(const JobQuery& query) {
  if (query.after.has_value()) return *query.after;
  // Without a bound, rows whose time is infinite belong to the list.
  if (!query.oldest_first) {
    const bool bounded = query.created_before != absl::InfiniteFuture();
    return {query.created_before, bounded ? kLowestId : kHighestId};
  }
  if (query.created_from == absl::InfinitePast()) return {query.created_from, kLowestId};
  // The position just before all rows of the microsecond created_from.
  return {query.created_from - absl::Microseconds(1), kHighestId};
}

// Whether the index also has rows that do not match the filters, so that the statement skips rows.
bool SkipsRows(const JobQuery& query) {
  const bool named = query.user_id.has_value() || query.workflow_id.has_value();
  return (named && query.status.has_value()) ||
         (query.user_id.has_value() && query.workflow_id.has_value());
}

// Whether the statement is one of list_by, which returns the last row that it examined.
bool ReportsLastRow(const JobQuery& query) {
  return query.user_id.has_value() || query.workflow_id.has_value() || query.status.has_value();
}

bool IsWithin(const JobQuery& query, absl::Time created_at) {
  return query.oldest_first ? created_at < query.created_before : created_at >= query.created_from;
}

db::Params ListParams(const JobQuery& query) {
  const JobQuery::Position start = StartOf(query);
  db::Params params;
  params.Add(db::FormatTimestamp(start.created_at)).Add(start.id);
  params.Add(db::FormatTimestamp(query.oldest_first ? query.created_before - absl::Microseconds(1)
                                                    : query.created_from));
  params.Add(static_cast<int64_t>(query.limit));
  if (query.user_id.has_value()) {
    params.Add(*query.user_id);
  } else if (query.workflow_id.has_value()) {
    params.Add(*query.workflow_id);
  }
  if (query.status.has_value()) params.Add(JobStatusName(*query.status));
  if (query.user_id.has_value()) params.Add(query.workflow_id);
  if (ReportsLastRow(query)) {
    params.Add(SkipsRows(query) ? std::max<int64_t>(query.limit, kMaxExaminedRows)
                                : int64_t{query.limit});
  }
  return params;
}

// The columns after those of a job.
constexpr int kMatches = 7;
constexpr int kIsLast = 8;

JobPage ReadPage(const JobQuery& query, const pqxx::result& rows) {
  JobPage page;
  for (const pqxx::row& row : rows) {
    Job job = ReadJob(row);
    // Beyond the requested times there are no further jobs.
    if (row[kIsLast].as<bool>() && SkipsRows(query) && IsWithin(query, job.created_at)) {
      page.continue_after = JobQuery::Position{job.created_at, job.id};
    }
    if (row[kMatches].as<bool>()) page.jobs.push_back(std::move(job));
  }
  return page;
}

// Reads the jobs of the page again, with their results. Ends the page before the results exceed
// kMaxResultBytes.
absl::Status AddResults(db::Session& session, const JobQuery& query, JobPage& page) {
  std::vector<std::string> ids;
  for (const Job& job : page.jobs) ids.push_back(job.id);
  const absl::StatusOr<std::vector<JobPtr>> full = GetJobsUpTo(session, ids, false);
  if (!full.ok()) return full.status();
  const bool was_full = page.jobs.size() == static_cast<size_t>(query.limit);
  const Job& last = page.jobs[full->size() - 1];
  const JobQuery::Position end{last.created_at, last.id};
  page.jobs.clear();
  for (const JobPtr& job : *full) {
    // The job may have changed or been deleted since the page was read.
    if (job == nullptr || (query.status.has_value() && job->status != *query.status)) continue;
    page.jobs.push_back(*job);
  }
  const bool is_cut = full->size() < ids.size();
  if (is_cut || (was_full && page.jobs.size() < ids.size())) page.continue_after = end;
  return absl::OkStatus();
}

absl::StatusOr<JobPage> ListJobs(db::Session& session, const JobQuery& query) {
  const absl::StatusOr<pqxx::result> rows = session.Exec(StatementOf(query), ListParams(query));
  if (!rows.ok()) return rows.status();
  JobPage page =
      ReportsLastRow(query) ? ReadPage(query, *rows) : JobPage{ReadJobs(*rows), std::nullopt};
  if (!query.with_result || page.jobs.empty()) return page;
  const absl::Status read = AddResults(session, query, page);
  if (!read.ok()) return read;
  return page;
}

absl::StatusOr<EndedPage> ListEndedJobs(db::Session& session, const EndedQuery& query) {
  const bool filters = query.user_id.has_value() || query.workflow_id.has_value();
  db::Params params;
  params.Add(JobStatusName(query.status)).Add(db::FormatTimestamp(query.after.updated_at));
  params.Add(query.after.id.empty() ? std::string(kLowestId) : query.after.id);
  params.Add(query.user_id).Add(query.workflow_id);
  params.Add(filters ? kMaxExaminedRows : kMaxEndedJobs);
  const absl::StatusOr<pqxx::result> rows = session.Exec(sql::kEndedJobs, params);
  if (!rows.ok()) return rows.status();
  EndedPage page;
  for (const pqxx::row& row : *rows) {
    Job job = ReadJob(row);
    if (row[kIsLast].as<bool>()) page.continue_after = {job.id, job.updated_at};
    if (row[kMatches].as<bool>()) page.jobs.push_back(std::move(job));
  }
  return page;
}

}  // namespace

Task<absl::StatusOr<JobPage>> ListStore::List(JobQuery query, absl::Time deadline) {
  std::function<absl::StatusOr<JobPage>(db::Session&)> work = [&query](db::Session& session) {
    return ListJobs(session, query);
  };
  if (query.may_lag) co_return co_await standby_reads_.Run<JobPage>(deadline, std::move(work));
  co_return co_await pool_.Run<JobPage>(deadline, db::Repeat::kSafe, std::move(work));
}

Task<absl::StatusOr<EndedPage>> ListStore::ListEnded(EndedQuery query, absl::Time deadline) {
  std::function<absl::StatusOr<EndedPage>(db::Session&)> work = [&query](db::Session& session) {
    return ListEndedJobs(session, query);
  };
  co_return co_await pool_.Run<EndedPage>(deadline, db::Repeat::kSafe, std::move(work));
}

}  // namespace vibestack::job_service

#include "user_service/store/export_jobs.h"

#include "common/base/error.h"
#include "user_service/store/sql.h"

namespace vibestack::user_service {
namespace {

StoredJob ReadStoredJob(const pqxx::row& row) {
  StoredJob job{.id = row[0].c_str(),
                .workflow_id = row[1].c_str(),
                .status = row[2].c_str(),
                .result_json = std::nullopt,
                .created_at = absl::FromUnixMicros(row[4].as<int64_t>()),
                .updated_at = absl::FromUnixMicros(row[5].as<int64_t>())};
  if (!row[3].is_null()) job.result_json.emplace(row[3].c_str(), row[3].size());
  return job;
}

absl::StatusOr<pqxx::result> ReadRows(db::Session& session, const JobPageQuery& query,
                                      int64_t most_jobs, bool with_results) {
  db::Params params;
  params.Add(query.user_id).Add(std::optional(query.after_created_at)).Add(query.after_id);
  params.Add(most_jobs).Add(query.most_bytes).Add(std::optional(with_results));
  return session.Exec(sql::kExportJobsOfUser, params);
}

bool IsTooLarge(const absl::Status& status) { return ErrorReason(status) == "VALUE_TOO_LARGE"; }

}  // namespace

absl::StatusOr<std::vector<StoredJob>> ReadJobPage(db::Session& session,
                                                   const JobPageQuery& query) {
  absl::StatusOr<pqxx::result> rows = ReadRows(session, query, query.most_jobs, true);
  // PostgreSQL cannot print one of the results. Read fewer jobs until it is alone, and leave it
  // out.
  for (int64_t most = query.most_jobs / 2; IsTooLarge(rows.status()) && most > 0; most /= 2) {
    rows = ReadRows(session, query, most, true);
  }
  if (IsTooLarge(rows.status())) rows = ReadRows(session, query, 1, false);
  if (!rows.ok()) return rows.status();
  std::vector<StoredJob> jobs;
  jobs.reserve(rows->size());
  for (const pqxx::row& row : *rows) jobs.push_back(ReadStoredJob(row));
  return jobs;
}

}  // namespace vibestack::user_service

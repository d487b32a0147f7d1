#include "user_service/store/export_jobs.h"

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

}  // namespace

absl::StatusOr<std::vector<StoredJob>> ReadJobPage(db::Session& session,
                                                   const JobPageQuery& query) {
  db::Params params;
  params.Add(query.user_id).Add(std::optional(query.after_created_at)).Add(query.after_id);
  params.Add(query.most_jobs).Add(query.most_bytes);
  const absl::StatusOr<pqxx::result> rows = session.Exec(sql::kExportJobsOfUser, params);
  if (!rows.ok()) return rows.status();
  std::vector<StoredJob> jobs;
  jobs.reserve(rows->size());
  for (const pqxx::row& row : *rows) jobs.push_back(ReadStoredJob(row));
  return jobs;
}

}  // namespace vibestack::user_service

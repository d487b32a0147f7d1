#include <utility>

#include "absl/container/flat_hash_map.h"
#include "job_service/store/rows.h"
#include "job_service/store/sql.h"
#include "job_service/store/statements.h"

namespace vibestack::job_service {

absl::StatusOr<std::vector<JobPtr>> GetJobs(db::Session& session, const std::vector<JobKey>& keys) {
  absl::flat_hash_map<std::string, bool> distinct;
  for (const JobKey& key : keys) distinct[key.id] |= key.with_result;
  db::ArrayBuilder ids;
  db::ArrayBuilder with_results;
  for (const auto& [id, with_result] : distinct) {
    ids.Add(id);
    with_results.Add(with_result ? "t" : "f");
  }
  db::Params params;
  params.Add(ids.Finish()).Add(with_results.Finish());
  const absl::StatusOr<pqxx::result> rows = session.Exec(sql::kGetJobs, params);
  if (!rows.ok()) return rows.status();
  absl::flat_hash_map<std::string, JobPtr> found;
  found.reserve(rows->size());
  for (const pqxx::row& row : *rows) {
    auto job = std::make_shared<const Job>(ReadJob(row));
    found.emplace(job->id, std::move(job));
  }
  std::vector<JobPtr> jobs;
  jobs.reserve(keys.size());
  for (const JobKey& key : keys) {
    const auto it = found.find(key.id);
    jobs.push_back(it == found.end() ? nullptr : it->second);
  }
  return jobs;
}

}  // namespace vibestack::job_service

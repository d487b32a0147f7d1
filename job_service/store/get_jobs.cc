#include <utility>

#include "absl/container/flat_hash_map.h"
#include "job_service/store/rows.h"
#include "job_service/store/sql.h"
#include "job_service/store/statements.h"

namespace vibestack::job_service {

namespace {

// What all the wishes to read one job come to.
struct Wish {
  bool with_result = false;
  // Known to all who want the result.
  std::optional<absl::Time> known;

  void Add(const JobKey& key) {
    if (!key.with_result) return;
    if (!with_result) {
      known = key.known;
    } else if (known != key.known) {
      known = std::nullopt;
    }
    with_result = true;
  }
};

db::Params ReadParams(const absl::flat_hash_map<std::string, Wish>& wishes) {
  db::ArrayBuilder ids;
  db::ArrayBuilder with_results;
  db::ArrayBuilder known;
  for (const auto& [id, wish] : wishes) {
    ids.Add(id);
    with_results.Add(wish.with_result ? "t" : "f");
    if (wish.known.has_value()) {
      known.Add(std::to_string(absl::ToUnixMicros(*wish.known)));
    } else {
      known.AddNull();
    }
  }
  db::Params params;
  params.Add(ids.Finish()).Add(with_results.Finish()).Add(known.Finish());
  return params;
}

}  // namespace

absl::StatusOr<std::vector<JobPtr>> GetJobs(db::Session& session, const std::vector<JobKey>& keys) {
  absl::flat_hash_map<std::string, Wish> wishes;
  for (const JobKey& key : keys) wishes[key.id].Add(key);
  const absl::StatusOr<pqxx::result> rows = session.Exec(sql::kGetJobs, ReadParams(wishes));
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

absl::StatusOr<std::vector<JobPtr>> GetJobsUpTo(db::Session& session,
                                                const std::vector<std::string>& ids) {
  db::Params params;
  params.Add(db::EncodeArray(ids)).Add(static_cast<int64_t>(kMaxResultBytes));
  const absl::StatusOr<pqxx::result> rows = session.Exec(sql::kGetJobsUpTo, params);
  if (!rows.ok()) return rows.status();
  std::vector<JobPtr> jobs(rows->size());
  size_t bytes = 0;
  for (const pqxx::row& row : *rows) {
    if (row[0].is_null()) continue;
    Job job = ReadJob(row);
    bytes += job.result.has_value() ? job.result->size() : 0;
    jobs.at(row[7].as<size_t>() - 1) = std::make_shared<const Job>(std::move(job));
  }
  // Only the last one can be past the bound.
  if (bytes > kMaxResultBytes && jobs.size() > 1) jobs.pop_back();
  return jobs;
}

}  // namespace vibestack::job_service

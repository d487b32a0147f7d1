#include "job_service/store/read_store.h"

#include <functional>
#include <iterator>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "common/telemetry/measured_batches.h"
#include "job_service/store/rows.h"
#include "job_service/store/sql.h"

namespace vibestack::job_service {
namespace {

// The weight of a read in a batch: higher with a result, which may have megabytes.
size_t WeighKey(const JobKey& key) { return key.with_result ? 4 : 1; }

// The merged keys of one job.
struct MergedKey {
  bool with_result = false;
  bool with_input = false;
  // Set if all keys that ask for the result have this `known` version.
  std::optional<absl::Time> known;

  void Add(const JobKey& key) {
    if (!key.with_result) return;
    with_input = with_input || key.with_input;
    if (!with_result) {
      known = key.known;
    } else if (known != key.known) {
      known = std::nullopt;
    }
    with_result = true;
  }
};

db::Params ReadParams(const absl::flat_hash_map<std::string, MergedKey>& keys) {
  db::ArrayBuilder ids;
  db::ArrayBuilder with_results;
  db::ArrayBuilder known;
  db::ArrayBuilder with_inputs;
  for (const auto& [id, key] : keys) {
    ids.Add(id);
    with_results.Add(key.with_result ? "t" : "f");
    with_inputs.Add(key.with_input ? "t" : "f");
    if (key.known.has_value()) {
      known.Add(std::to_string(absl::ToUnixMicros(*key.known)));
    } else {
      known.AddNull();
    }
  }
  db::Params params;
  params.Add(ids.Finish()).Add(with_results.Finish()).Add(known.Finish());
  params.Add(with_inputs.Finish());
  return params;
}

}  // namespace

ReadStore::ReadStore(CoalescerOptions batches, db::Pool& pool, Metrics& metrics)
    : pool_(pool),
      gets_(
          MeasuredBatches(std::move(batches), "get_job", metrics),
          [this](const auto& keys, absl::Time deadline) { return GetBatch(keys, deadline); },
          WeighKey),
      queue_metric_(RegisterQueueMetric(metrics, "get_job", gets_)) {}

Task<absl::StatusOr<JobPtr>> ReadStore::Get(JobKey key, absl::Time deadline) {
  co_return co_await gets_.Submit(std::move(key), deadline);
}

Task<absl::StatusOr<ReadStore::Batches::Answers>> ReadStore::GetBatch(
    const std::vector<JobKey>& keys, absl::Time deadline) {
  using Answers = Batches::Answers;
  std::function<absl::StatusOr<Answers>(db::Session&)> work =
      [&keys](db::Session& session) -> absl::StatusOr<Answers> {
    absl::StatusOr<std::vector<JobPtr>> jobs = GetJobs(session, keys);
    if (!jobs.ok()) return jobs.status();
    return Answers(std::make_move_iterator(jobs->begin()), std::make_move_iterator(jobs->end()));
  };
  co_return co_await pool_.Run<Answers>(deadline, db::Repeat::kSafe, std::move(work));
}

Task<absl::StatusOr<std::vector<JobPtr>>> ReadStore::GetAll(std::vector<JobKey> keys,
                                                            absl::Time deadline) {
  using Jobs = std::vector<JobPtr>;
  std::function<absl::StatusOr<Jobs>(db::Session&)> work = [&keys](db::Session& session) {
    return GetJobs(session, keys);
  };
  co_return co_await pool_.Run<Jobs>(deadline, db::Repeat::kSafe, std::move(work));
}

Task<absl::StatusOr<std::vector<JobPtr>>> ReadStore::GetStates(const std::vector<std::string>& ids,
                                                               absl::Time deadline) {
  std::vector<JobKey> keys;
  keys.reserve(ids.size());
  for (const std::string& id : ids) keys.push_back({id, false});
  return GetAll(std::move(keys), deadline);
}

Task<absl::StatusOr<std::vector<JobPtr>>> ReadStore::GetUpTo(std::vector<std::string> ids,
                                                             absl::Time deadline) {
  using Jobs = std::vector<JobPtr>;
  std::function<absl::StatusOr<Jobs>(db::Session&)> work = [&ids](db::Session& session) {
    return GetJobsUpTo(session, ids, /*with_inputs=*/false);
  };
  co_return co_await pool_.Run<Jobs>(deadline, db::Repeat::kSafe, std::move(work));
}

absl::StatusOr<std::vector<JobPtr>> GetJobs(db::Session& session, const std::vector<JobKey>& keys) {
  absl::flat_hash_map<std::string, MergedKey> merged;
  for (const JobKey& key : keys) merged[key.id].Add(key);
  const absl::StatusOr<pqxx::result> rows = session.Exec(sql::kGetJobs, ReadParams(merged));
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
                                                const std::vector<std::string>& ids,
                                                bool with_inputs) {
  db::Params params;
  params.Add(db::EncodeArray(ids)).Add(static_cast<int64_t>(kMaxResultBytes));
  params.Add(with_inputs);
  const absl::StatusOr<pqxx::result> rows = session.Exec(sql::kGetJobsUpTo, params);
  if (!rows.ok()) return rows.status();
  std::vector<JobPtr> jobs(rows->size());
  size_t bytes = 0;
  for (const pqxx::row& row : *rows) {
    if (row[0].is_null()) continue;
    Job job = ReadJob(row);
    bytes += job.result.value_or("").size() + job.input.value_or("").size();
    for (const AttemptError& error : job.errors) bytes += error.code.size() + error.message.size();
    jobs.at(row[7].as<size_t>() - 1) = std::make_shared<const Job>(std::move(job));
  }
  // Only the last result can exceed the bound: leave it for the next read, unless it is the only
  // one.
  if (bytes > kMaxResultBytes && jobs.size() > 1) jobs.pop_back();
  return jobs;
}

}  // namespace vibestack::job_service

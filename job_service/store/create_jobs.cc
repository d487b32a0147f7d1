#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "common/base/error.h"
#include "job_service/store/rows.h"
#include "job_service/store/sql.h"
#include "job_service/store/statements.h"

namespace vibestack::job_service {
namespace {

using Creations = std::vector<absl::StatusOr<Creation>>;

// The indexes of the jobs by id, of each id the first one only.
std::vector<size_t> FirstOfEachId(const std::vector<NewJob>& jobs) {
  std::vector<size_t> order(jobs.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&jobs](size_t a, size_t b) { return jobs[a].id < jobs[b].id; });
  order.erase(std::unique(order.begin(), order.end(),
                          [&jobs](size_t a, size_t b) { return jobs[a].id == jobs[b].id; }),
              order.end());
  return order;
}

db::Params CreateParams(const std::vector<NewJob>& jobs, const std::vector<size_t>& firsts) {
  db::ArrayBuilder ids;
  db::ArrayBuilder users;
  db::ArrayBuilder workflows;
  for (const size_t i : firsts) {
    ids.Add(jobs[i].id);
    users.Add(jobs[i].user_id);
    workflows.Add(jobs[i].workflow_id);
  }
  db::Params params;
  params.Add(ids.Finish()).Add(users.Finish()).Add(workflows.Finish());
  return params;
}

// The rows of all ids that the statement found taken.
absl::StatusOr<absl::flat_hash_map<std::string, JobPtr>> ReadTaken(
    db::Session& session, const std::vector<NewJob>& jobs,
    const absl::flat_hash_map<std::string, Creation>& made, bool with_results) {
  std::vector<JobKey> keys;
  for (const NewJob& job : jobs) {
    if (!made.contains(job.id)) keys.push_back({job.id, with_results});
  }
  absl::flat_hash_map<std::string, JobPtr> taken;
  if (keys.empty()) return taken;
  absl::StatusOr<std::vector<JobPtr>> rows = GetJobs(session, keys);
  if (!rows.ok()) return rows.status();
  for (size_t i = 0; i < keys.size(); ++i) taken[keys[i].id] = std::move((*rows)[i]);
  return taken;
}

bool SameContent(const std::string& user_id, const std::string& workflow_id, const NewJob& job) {
  return user_id == job.user_id && workflow_id == job.workflow_id;
}

absl::Status IdTakenError() {
  return AlreadyExistsError("ID_TAKEN", "a job with this id and other content exists");
}

absl::StatusOr<Creation> AnswerTaken(const JobPtr& existing, const NewJob& job) {
  if (existing == nullptr) {
    // It was deleted between the two statements.
    return AbortedError("CONFLICT", "the call collided with another; try again");
  }
  if (!SameContent(existing->user_id, existing->workflow_id, job)) return IdTakenError();
  return Creation{existing->created_at, existing->updated_at, existing};
}

}  // namespace

void AddChange(const NewJob& job, const Creation& creation, JobChanges& changes) {
  changes.changed.push_back(job.id);
  if (creation.existing == nullptr || creation.existing->status == JobStatus::kPending) {
    ++changes.pending[job.workflow_id];
  }
}

absl::StatusOr<Creations> CreateJobs(db::Session& session, const std::vector<NewJob>& jobs,
                                     bool with_results) {
  const std::vector<size_t> firsts = FirstOfEachId(jobs);
  const absl::StatusOr<pqxx::result> rows =
      session.Exec(sql::kCreateJobs, CreateParams(jobs, firsts));
  if (!rows.ok()) return rows.status();
  Creations creations(jobs.size(), Creation{});
  if (rows->size() == jobs.size()) {
    // All of them are new: nothing to look up.
    const absl::Time now = rows->empty() ? absl::Time() : ReadTime((*rows)[0][1]);
    for (auto& creation : creations) creation = Creation{now, now, nullptr};
    return creations;
  }
  absl::flat_hash_map<std::string, Creation> made;
  for (const pqxx::row& row : *rows) {
    const absl::Time now = ReadTime(row[1]);
    made[row[0].c_str()] = Creation{now, now, nullptr};
  }
  absl::flat_hash_map<std::string, const NewJob*> contents;
  for (const size_t i : firsts) contents[jobs[i].id] = &jobs[i];
  auto taken = ReadTaken(session, jobs, made, with_results);
  if (!taken.ok()) return taken.status();
  for (size_t i = 0; i < jobs.size(); ++i) {
    const auto found = made.find(jobs[i].id);
    if (found == made.end()) {
      creations[i] = AnswerTaken((*taken)[jobs[i].id], jobs[i]);
      continue;
    }
    const NewJob& first = *contents[jobs[i].id];
    creations[i] = SameContent(first.user_id, first.workflow_id, jobs[i])
                       ? absl::StatusOr<Creation>(found->second)
                       : IdTakenError();
  }
  return creations;
}

}  // namespace vibestack::job_service

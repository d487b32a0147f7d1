#include "job_service/store/create_store.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "common/base/error.h"
#include "common/telemetry/measured_batches.h"
#include "job_service/domain/errors.h"
#include "job_service/store/read_store.h"
#include "job_service/store/rows.h"
#include "job_service/store/sql.h"

namespace vibestack::job_service {
namespace {

using Creations = std::vector<absl::StatusOr<Creation>>;

// The indexes of the jobs in the order of their ids. If several jobs have the same id, only the
// first of them.
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

// Reads the jobs that existed before the statement.
absl::StatusOr<absl::flat_hash_map<std::string, JobPtr>> ReadExisting(
    db::Session& session, const std::vector<NewJob>& jobs,
    const absl::flat_hash_map<std::string, Creation>& created, bool with_results) {
  std::vector<JobKey> keys;
  for (const NewJob& job : jobs) {
    if (!created.contains(job.id)) keys.push_back({job.id, with_results});
  }
  absl::flat_hash_map<std::string, JobPtr> existing;
  if (keys.empty()) return existing;
  absl::StatusOr<std::vector<JobPtr>> rows = GetJobs(session, keys);
  if (!rows.ok()) return rows.status();
  for (size_t i = 0; i < keys.size(); ++i) existing[keys[i].id] = std::move((*rows)[i]);
  return existing;
}

bool HasSameContent(const std::string& user_id, const std::string& workflow_id, const NewJob& job) {
  return user_id == job.user_id && workflow_id == job.workflow_id;
}

absl::StatusOr<Creation> AnswerExisting(const JobPtr& existing, const NewJob& job) {
  // Null: somebody deleted it between the two statements.
  if (existing == nullptr) return ConflictError();
  if (!HasSameContent(existing->user_id, existing->workflow_id, job)) return IdTakenError();
  return Creation{existing->created_at, existing->updated_at, existing};
}

// Creates jobs on one session. An id may occur several times. Returns one result for each job, in
// order. If one user does not exist, the whole statement fails with FAILED_PRECONDITION
// (REFERENCE_MISSING).
absl::StatusOr<Creations> CreateJobs(db::Session& session, const std::vector<NewJob>& jobs,
                                     bool with_results) {
  const std::vector<size_t> firsts = FirstOfEachId(jobs);
  const absl::StatusOr<pqxx::result> rows =
      session.Exec(sql::kCreateJobs, CreateParams(jobs, firsts));
  if (!rows.ok()) return rows.status();
  Creations creations(jobs.size(), Creation{});
  if (rows->size() == jobs.size()) {
    // All jobs are new, so there is nothing to look up.
    const absl::Time now = rows->empty() ? absl::Time() : ReadTime((*rows)[0][1]);
    for (auto& creation : creations) creation = Creation{now, now, nullptr};
    return creations;
  }
  absl::flat_hash_map<std::string, Creation> created;
  for (const pqxx::row& row : *rows) {
    const absl::Time now = ReadTime(row[1]);
    created[row[0].c_str()] = Creation{now, now, nullptr};
  }
  absl::flat_hash_map<std::string, const NewJob*> contents;
  for (const size_t i : firsts) contents[jobs[i].id] = &jobs[i];
  auto existing = ReadExisting(session, jobs, created, with_results);
  if (!existing.ok()) return existing.status();
  for (size_t i = 0; i < jobs.size(); ++i) {
    const auto found = created.find(jobs[i].id);
    if (found == created.end()) {
      creations[i] = AnswerExisting((*existing)[jobs[i].id], jobs[i]);
      continue;
    }
    const NewJob& first = *contents[jobs[i].id];
    creations[i] = HasSameContent(first.user_id, first.workflow_id, jobs[i])
                       ? absl::StatusOr<Creation>(found->second)
                       : IdTakenError();
  }
  return creations;
}

// Collects the change event of several creations.
class Created {
 public:
  void Add(const NewJob& job, const Creation& creation) {
    if (creation.existing == nullptr) ++count_;
    // A job that existed counts as changed, too: an earlier run of this statement, whose answer was
    // lost, may have created it.
    changes_.changed.push_back(job.id);
    if (creation.existing == nullptr || creation.existing->status == JobStatus::kPending) {
      ++changes_.pending[job.workflow_id];
    }
  }

  void Publish(StoreContext& context) {
    context.job_metrics.RecordCreated(count_);
    context.Publish(std::move(changes_));
  }

 private:
  JobChanges changes_;
  size_t count_ = 0;
};

}  // namespace

CreateStore::CreateStore(StoreContext& context)
    : context_(context),
      creates_(
          MeasuredBatches(context.options.batches, "create_job", context.metrics),
          [this](const auto& jobs, absl::Time deadline) { return CreateBatch(jobs, deadline); }),
      queue_metric_(RegisterQueueMetric(context.metrics, "create_job", creates_)) {}

Task<absl::StatusOr<Creation>> CreateStore::Create(NewJob job, absl::Time deadline) {
  const std::string user_id = job.user_id;
  absl::StatusOr<Creation> creation = co_await creates_.Submit(std::move(job), deadline);
  if (ErrorReason(creation.status()) == "REFERENCE_MISSING") {
    co_return NotFoundError("user", user_id);
  }
  co_return creation;
}

Task<absl::StatusOr<CreateStore::Batches::Answers>> CreateStore::CreateBatch(
    const std::vector<NewJob>& jobs, absl::Time deadline) {
  std::function<absl::StatusOr<Creations>(db::Session&)> work = [&jobs](db::Session& session) {
    return CreateJobs(session, jobs, /*with_results=*/true);
  };
  absl::StatusOr<Creations> creations =
      co_await context_.pool.Run<Creations>(deadline, db::Repeat::kSafe, std::move(work));
  if (!creations.ok()) co_return creations;
  Created created;
  for (size_t i = 0; i < jobs.size(); ++i) {
    if ((*creations)[i].ok()) created.Add(jobs[i], *(*creations)[i]);
  }
  created.Publish(context_);
  co_return creations;
}

Task<absl::StatusOr<std::vector<Creation>>> CreateStore::CreateAll(std::vector<NewJob> jobs,
                                                                   absl::Time deadline) {
  using All = std::vector<Creation>;
  std::function<absl::StatusOr<All>(db::Session&)> work =
      [&jobs](db::Session& session) -> absl::StatusOr<All> {
    All all;
    const absl::Status status = session.Transact([&]() -> absl::Status {
      absl::StatusOr<Creations> creations = CreateJobs(session, jobs, /*with_results=*/false);
      if (!creations.ok()) return creations.status();
      for (absl::StatusOr<Creation>& creation : *creations) {
        if (!creation.ok()) return creation.status();
        all.push_back(*std::move(creation));
      }
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
    return all;
  };
  absl::StatusOr<All> all =
      co_await context_.pool.Run<All>(deadline, db::Repeat::kSafe, std::move(work));
  if (!all.ok()) co_return all;
  Created created;
  for (size_t i = 0; i < jobs.size(); ++i) created.Add(jobs[i], (*all)[i]);
  created.Publish(context_);
  co_return all;
}

}  // namespace vibestack::job_service

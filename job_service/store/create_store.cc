#include "job_service/store/create_store.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/db/locked_rows.h"
#include "common/telemetry/measured_batches.h"
#include "job_service/domain/envelope.h"
#include "job_service/domain/errors.h"
#include "job_service/store/read_store.h"
#include "job_service/store/rows.h"
#include "job_service/store/sql.h"

namespace vibestack::job_service {
namespace {

using Creations = std::vector<absl::StatusOr<Creation>>;

// How long a creation waits for a lock: much longer than any lock of our own statements.
constexpr absl::Duration kLockTimeout = absl::Milliseconds(50);
// The same while the store looks for the locked user of a statement, and for a locked user.
constexpr absl::Duration kShortLockTimeout = absl::Milliseconds(3);

// How many statements of one search for locked users may meet a lock.
constexpr int kMaxLockTries = 32;

// How long a user counts as locked after the lock was last met: longer than the pauses between the
// tries of a call (db::LockedRowRetry).
constexpr absl::Duration kLockedFor = absl::Seconds(1);
constexpr size_t kMaxLockedUsers = 10'000;

// The indexes of the jobs in the order of their ids. Of jobs with the same id, only the first.
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

// Adds a text to an array, or NULL for an empty one.
void AddOrNull(const std::string& text, db::ArrayBuilder& array) {
  if (text.empty()) {
    array.AddNull();
  } else {
    array.Add(text);
  }
}

// The weight of a creation in a batch: one, and one more for each 8 KiB of its input.
size_t WeighJob(const NewJob& job) { return 1 + job.input.size() / 8'192; }

db::Params CreateParams(const std::vector<NewJob>& jobs, const std::vector<size_t>& firsts,
                        absl::Duration lock_timeout) {
  db::ArrayBuilder ids;
  db::ArrayBuilder users;
  db::ArrayBuilder workflows;
  db::ArrayBuilder envelopes;
  db::ArrayBuilder delays;
  for (const size_t i : firsts) {
    ids.Add(jobs[i].id);
    users.Add(jobs[i].user_id);
    workflows.Add(jobs[i].workflow_id);
    AddOrNull(MakeEnvelope(jobs[i]), envelopes);
    AddOrNull(
        jobs[i].delay.has_value() ? std::to_string(absl::ToInt64Microseconds(*jobs[i].delay)) : "",
        delays);
  }
  db::Params params;
  params.Add(ids.Finish()).Add(users.Finish()).Add(workflows.Finish());
  params.Add(envelopes.Finish()).Add(delays.Finish());
  params.Add(std::to_string(absl::ToInt64Milliseconds(lock_timeout)));
  return params;
}

using JobsById = absl::flat_hash_map<std::string, JobPtr>;

// The row of a job that a statement has created at `now`.
JobPtr CreatedRow(const NewJob& job, absl::Time now) {
  auto row = std::make_shared<Job>();
  row->id = job.id;
  row->user_id = job.user_id;
  row->workflow_id = job.workflow_id;
  row->created_at = now;
  row->updated_at = now;
  row->max_attempts = job.max_attempts;
  row->not_before = job.not_before;
  if (job.delay.has_value()) row->not_before = now + *job.delay;
  return row;
}

// The created jobs. `firsts` are the jobs that the statement got, `rows` what it returned.
JobsById NewRows(const std::vector<NewJob>& jobs, const std::vector<size_t>& firsts,
                 const pqxx::result& rows) {
  absl::flat_hash_map<std::string, const NewJob*> contents;
  for (const size_t i : firsts) contents[jobs[i].id] = &jobs[i];
  JobsById created;
  for (const pqxx::row& row : rows) {
    const std::string id = row[0].c_str();
    created[id] = CreatedRow(*contents[id], ReadTime(row[1]));
  }
  return created;
}

// Reads the rows of the ids that existed before the statement.
absl::StatusOr<JobsById> ReadExisting(db::Session& session, const std::vector<NewJob>& jobs,
                                      const JobsById& created, bool with_results) {
  std::vector<JobKey> keys;
  for (const NewJob& job : jobs) {
    if (!created.contains(job.id)) keys.push_back({job.id, with_results});
  }
  JobsById existing;
  if (keys.empty()) return existing;
  absl::StatusOr<std::vector<JobPtr>> rows = GetJobs(session, keys);
  if (!rows.ok()) return rows.status();
  for (size_t i = 0; i < keys.size(); ++i) existing[keys[i].id] = std::move((*rows)[i]);
  return existing;
}

// Returns for each job whether its row has the same input. True for a job without a row.
absl::StatusOr<std::vector<bool>> CompareInputs(db::Session& session,
                                                const std::vector<const NewJob*>& jobs) {
  std::vector<bool> same(jobs.size(), true);
  if (jobs.empty()) return same;
  db::ArrayBuilder ids;
  db::ArrayBuilder inputs;
  for (const NewJob* job : jobs) {
    ids.Add(job->id);
    AddOrNull(job->input, inputs);
  }
  db::Params params;
  params.Add(ids.Finish()).Add(inputs.Finish());
  const absl::StatusOr<pqxx::result> rows = session.Exec(sql::kCompareInputs, params);
  if (!rows.ok()) return rows.status();
  for (const pqxx::row& row : *rows) same[row[0].as<size_t>() - 1] = row[1].as<bool>();
  return same;
}

// Answers `job` with the row that has its id.
absl::StatusOr<Creation> Answer(const NewJob& job, const JobPtr& row, bool is_new,
                                bool has_same_input) {
  // Null: somebody deleted it between the two statements.
  if (row == nullptr) return ConflictError();
  const bool same_content =
      row->user_id == job.user_id && row->workflow_id == job.workflow_id && has_same_input;
  if (!same_content) return IdTakenError();
  return Creation{row, is_new};
}

// A program of schema version 3 created some pending jobs without their inputs, which it kept in
// memory. Stores the inputs of these repeated calls in such rows.
absl::Status AdoptInputs(db::Session& session, const std::vector<NewJob>& jobs) {
  db::ArrayBuilder ids;
  db::ArrayBuilder users;
  db::ArrayBuilder workflows;
  db::ArrayBuilder envelopes;
  for (const NewJob& job : jobs) {
    if (job.input.empty()) continue;
    ids.Add(job.id);
    users.Add(job.user_id);
    workflows.Add(job.workflow_id);
    envelopes.Add(MakeEnvelope(job));
  }
  db::Params params;
  params.Add(ids.Finish()).Add(users.Finish()).Add(workflows.Finish()).Add(envelopes.Finish());
  return session.Exec(sql::kAdoptInputs, params).status();
}

// Whether the job may lack its input because its row was locked.
bool AwaitsAdoption(const NewJob& job, const JobsById& created) {
  return !job.input.empty() && !created.contains(job.id);
}

// Answers the jobs if some of their ids existed or occur several times. `created` are the new rows.
absl::StatusOr<Creations> AnswerAll(db::Session& session, const std::vector<NewJob>& jobs,
                                    const std::vector<size_t>& firsts, const JobsById& created,
                                    bool with_results) {
  const absl::Status adopted = AdoptInputs(session, jobs);
  if (!adopted.ok() && !db::IsRowLocked(adopted)) return adopted;
  absl::StatusOr<JobsById> existing = ReadExisting(session, jobs, created, with_results);
  if (!existing.ok()) return existing.status();
  // The input of a new row is that of the first job with its id.
  std::vector<bool> made_the_row(jobs.size(), false);
  for (const size_t i : firsts) made_the_row[i] = created.contains(jobs[i].id);
  std::vector<const NewJob*> repeated;
  for (size_t i = 0; i < jobs.size(); ++i) {
    if (!made_the_row[i]) repeated.push_back(&jobs[i]);
  }
  const absl::StatusOr<std::vector<bool>> same = CompareInputs(session, repeated);
  if (!same.ok()) return same.status();
  Creations creations;
  creations.reserve(jobs.size());
  size_t next = 0;
  for (size_t i = 0; i < jobs.size(); ++i) {
    if (!adopted.ok() && AwaitsAdoption(jobs[i], created)) {
      creations.emplace_back(adopted);
      continue;
    }
    const auto found = created.find(jobs[i].id);
    const bool is_new = found != created.end();
    const bool has_same_input = made_the_row[i] || (*same)[next++];
    creations.push_back(
        Answer(jobs[i], is_new ? found->second : (*existing)[jobs[i].id], is_new, has_same_input));
  }
  return creations;
}

// Creates jobs on one session. An id may occur several times. Returns one result for each job, in
// order. If one user does not exist, the whole statement fails with FAILED_PRECONDITION
// (REFERENCE_MISSING); if one user's row stays locked for `lock_timeout`, with RowLockedError().
absl::StatusOr<Creations> CreateJobs(db::Session& session, const std::vector<NewJob>& jobs,
                                     bool with_results, absl::Duration lock_timeout) {
  const std::vector<size_t> firsts = FirstOfEachId(jobs);
  const absl::StatusOr<pqxx::result> rows =
      session.Exec(sql::kCreateJobs, CreateParams(jobs, firsts, lock_timeout));
  if (!rows.ok()) return rows.status();
  if (rows->size() == jobs.size()) {
    Creations creations;
    creations.reserve(jobs.size());
    // All jobs are new, so there is nothing to look up. They have the time of the statement.
    for (const NewJob& job : jobs) {
      creations.emplace_back(Creation{CreatedRow(job, ReadTime((*rows)[0][1])), true});
    }
    return creations;
  }
  return AnswerAll(session, jobs, firsts, NewRows(jobs, firsts, *rows), with_results);
}

// The jobs of `all` with these indexes.
std::vector<NewJob> Pick(const std::vector<NewJob>& all, std::span<const size_t> indexes) {
  std::vector<NewJob> picked;
  picked.reserve(indexes.size());
  for (const size_t i : indexes) picked.push_back(all[i]);
  return picked;
}

// Creates the jobs with these indexes, which are ordered by user. If a lock is in the way, creates
// each half of the users by itself, until the jobs of a locked user are alone. `tries` bounds the
// statements that meet a lock: if many users are locked, the rest counts as locked, too.
absl::Status CreateBesideLocks(db::Session& session, const std::vector<NewJob>& jobs,
                               std::span<const size_t> indexes, absl::Duration lock_timeout,
                               int& tries, Creations& answers) {
  absl::StatusOr<Creations> creations =
      CreateJobs(session, Pick(jobs, indexes), /*with_results=*/true, lock_timeout);
  if (creations.ok()) {
    for (size_t i = 0; i < indexes.size(); ++i) answers[indexes[i]] = std::move((*creations)[i]);
    return absl::OkStatus();
  }
  if (!db::IsRowLocked(creations.status())) return creations.status();
  // The first job of another user than the one in the middle, so that no user is in both halves.
  const std::string& user = jobs[indexes[indexes.size() / 2]].user_id;
  const auto is_other = [&](size_t i) { return jobs[i].user_id != user; };
  auto middle = std::find_if_not(indexes.begin(), indexes.end(), is_other);
  if (middle == indexes.begin()) middle = std::find_if(middle, indexes.end(), is_other);
  if (middle == indexes.end() || --tries <= 0) {
    for (const size_t i : indexes) answers[i] = creations.status();
    return absl::OkStatus();
  }
  const auto first = static_cast<size_t>(middle - indexes.begin());
  const absl::Status created =
      CreateBesideLocks(session, jobs, indexes.first(first), kShortLockTimeout, tries, answers);
  if (!created.ok()) return created;
  return CreateBesideLocks(session, jobs, indexes.subspan(first), kShortLockTimeout, tries,
                           answers);
}

// Creates the jobs of a batch. The jobs of locked users get RowLockedError().
absl::StatusOr<Creations> CreateAllUnlocked(db::Session& session, const std::vector<NewJob>& jobs,
                                            absl::Duration lock_timeout) {
  absl::StatusOr<Creations> creations =
      CreateJobs(session, jobs, /*with_results=*/true, lock_timeout);
  if (!db::IsRowLocked(creations.status())) return creations;
  Creations answers(jobs.size(), creations.status());
  std::vector<size_t> by_user(jobs.size());
  std::iota(by_user.begin(), by_user.end(), size_t{0});
  std::stable_sort(by_user.begin(), by_user.end(),
                   [&jobs](size_t a, size_t b) { return jobs[a].user_id < jobs[b].user_id; });
  int tries = kMaxLockTries;
  const absl::Status created =
      CreateBesideLocks(session, jobs, by_user, kShortLockTimeout, tries, answers);
  if (!created.ok()) return created;
  return answers;
}

// The error of a creation for the caller. REFERENCE_MISSING comes from the foreign key on user_id:
// the user was purged after the caller's check. `user_id` may be empty when it is not known.
absl::Status ToCreateError(const absl::Status& status, const std::string& user_id) {
  if (ErrorReason(status) == "REFERENCE_MISSING") return NotFoundError("user", user_id);
  return status;
}

// The user of all jobs. Empty when they have several.
std::string CommonUser(const std::vector<NewJob>& jobs) {
  for (const NewJob& job : jobs) {
    if (job.user_id != jobs.front().user_id) return "";
  }
  return jobs.empty() ? "" : jobs.front().user_id;
}

CoalescerOptions LockedOptions(CoalescerOptions options) {
  options.max_in_flight = 1;
  return options;
}

// Collects what creations changed.
class CreationChanges {
 public:
  void Add(const Creation& creation) {
    if (creation.is_new) ++count_;
    // A row that existed counts as changed: our own statement may have created it before its
    // answer was lost.
    changes_.changed.push_back(creation.job->id);
    const bool is_ready =
        creation.job->status == JobStatus::kPending && !creation.job->not_before.has_value();
    if (is_ready) ++changes_.pending[creation.job->workflow_id];
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

bool LockedUsers::Contains(const std::string& user_id) const {
  absl::MutexLock lock(&mutex_);
  if (users_.empty()) return false;
  const auto user = users_.find(user_id);
  return user != users_.end() && user->second > absl::Now();
}

void LockedUsers::Add(const std::string& user_id) {
  const absl::Time now = absl::Now();
  absl::MutexLock lock(&mutex_);
  if (users_.size() >= kMaxLockedUsers) {
    absl::erase_if(users_, [now](const auto& user) { return user.second <= now; });
  }
  if (users_.size() < kMaxLockedUsers) users_[user_id] = now + kLockedFor;
}

void LockedUsers::Remove(const std::string& user_id) {
  absl::MutexLock lock(&mutex_);
  users_.erase(user_id);
}

CreateStore::CreateStore(StoreContext& context)
    : context_(context),
      creates_(
          MeasuredBatches(context.options.batches, "create_job", context.metrics),
          [this](const auto& jobs, absl::Time deadline) {
            return CreateBatch(jobs, kLockTimeout, deadline);
          },
          WeighJob),
      // One batch at a time, so that locked users keep at most one connection.
      locked_(
          LockedOptions(context.options.batches),
          [this](const auto& jobs, absl::Time deadline) {
            return CreateBatch(jobs, kShortLockTimeout, deadline);
          },
          WeighJob),
      queue_metric_(RegisterQueueMetric(context.metrics, "create_job", creates_)) {}

Task<absl::StatusOr<Creation>> CreateStore::Create(NewJob job, absl::Time deadline) {
  db::LockedRowRetry retry(context_.delays, deadline);
  while (true) {
    const bool was_locked = locked_users_.Contains(job.user_id);
    Batches& batches = was_locked ? locked_ : creates_;
    absl::StatusOr<Creation> creation = co_await batches.Submit(job, deadline);
    if (!db::IsRowLocked(creation.status())) {
      if (was_locked) locked_users_.Remove(job.user_id);
      // The coalescer has isolated the row with this error, so the user is this job's.
      if (!creation.ok()) co_return ToCreateError(creation.status(), job.user_id);
      co_return creation;
    }
    locked_users_.Add(job.user_id);
    absl::Status paused = co_await retry.Pause();
    if (!paused.ok()) co_return paused;
  }
}

Task<absl::StatusOr<CreateStore::Batches::Answers>> CreateStore::CreateBatch(
    const std::vector<NewJob>& jobs, absl::Duration lock_timeout, absl::Time deadline) {
  std::function<absl::StatusOr<Creations>(db::Session&)> work = [&](db::Session& session) {
    return CreateAllUnlocked(session, jobs, lock_timeout);
  };
  absl::StatusOr<Creations> creations =
      co_await context_.pool.Run<Creations>(deadline, db::Repeat::kSafe, std::move(work));
  if (!creations.ok()) co_return creations;
  CreationChanges changes;
  for (const absl::StatusOr<Creation>& creation : *creations) {
    if (creation.ok()) changes.Add(*creation);
  }
  changes.Publish(context_);
  co_return creations;
}

Task<absl::StatusOr<std::vector<Creation>>> CreateStore::CreateAll(std::vector<NewJob> jobs,
                                                                   absl::Time deadline) {
  using All = std::vector<Creation>;
  std::function<absl::StatusOr<All>(db::Session&)> work =
      [&jobs](db::Session& session) -> absl::StatusOr<All> {
    All all;
    const absl::Status status = session.Transact([&]() -> absl::Status {
      absl::StatusOr<Creations> creations =
          CreateJobs(session, jobs, /*with_results=*/false, kLockTimeout);
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
      co_await context_.RunUntilUnlocked<All>(deadline, db::Repeat::kSafe, std::move(work));
  if (!all.ok()) co_return ToCreateError(all.status(), CommonUser(jobs));
  CreationChanges changes;
  for (const Creation& creation : *all) changes.Add(creation);
  changes.Publish(context_);
  co_return all;
}

}  // namespace vibestack::job_service

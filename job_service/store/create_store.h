#ifndef VIBESTACK_JOB_SERVICE_STORE_CREATE_STORE_H_
#define VIBESTACK_JOB_SERVICE_STORE_CREATE_STORE_H_

#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/async/coalescer.h"
#include "common/async/task.h"
#include "common/telemetry/metrics.h"
#include "job_service/domain/job.h"
#include "job_service/store/store_context.h"

namespace vibestack::job_service {

// The outcome of a creation.
struct Creation {
  JobPtr job;
  // False: the job existed before, with the same content.
  bool is_new = false;
};

// The users whose rows other transactions have locked. Thread-safe.
class LockedUsers {
 public:
  bool Contains(const std::string& user_id) const;
  // A user leaves the set after a while, so a caller that meets the lock again adds it again.
  void Add(const std::string& user_id);
  void Remove(const std::string& user_id);

 private:
  mutable absl::Mutex mutex_;
  // With the time until which each is in the set.
  absl::flat_hash_map<std::string, absl::Time> users_ ABSL_GUARDED_BY(mutex_);
};

// Creates jobs.
//
// A creation is idempotent: if the id exists with the same content, the result is the existing job.
// The content is the user, the workflow and the input. Any input counts as the same if the row
// keeps no input, as the row of a completed job. Errors: ALREADY_EXISTS (ID_TAKEN) if the id exists
// with other content, NOT_FOUND (USER_NOT_FOUND) if the user does not exist, ABORTED (CONFLICT) if
// the existing job was deleted meanwhile, DEADLINE_EXCEEDED (ROW_LOCKED) if another transaction
// keeps the user's row locked, those of Coalescer and of Pool. Thread-safe.
//
// The foreign key of a new job takes a shared lock on the user's row. If another transaction has
// locked that row, only the creations for this user wait: the store finds the user by trying the
// halves of the statement, and sends the user's creations through a queue of their own until one of
// them succeeds.
class CreateStore {
 public:
  // `context` must outlive this.
  explicit CreateStore(StoreContext& context);
  CreateStore(const CreateStore&) = delete;
  CreateStore& operator=(const CreateStore&) = delete;

  // Creates one job. Coalesced.
  Task<absl::StatusOr<Creation>> Create(NewJob job, absl::Time deadline);

  // Creates all jobs or none, in one transaction. The ids must be distinct. Jobs that existed come
  // without their results. USER_NOT_FOUND names the user when all jobs have the same one.
  Task<absl::StatusOr<std::vector<Creation>>> CreateAll(std::vector<NewJob> jobs,
                                                        absl::Time deadline);

  // Answers waiting calls with UNAVAILABLE, and returns when no batch is in flight. May be called
  // twice.
  void Close() {
    creates_.Close();
    locked_.Close();
  }

 private:
  using Batches = Coalescer<NewJob, Creation>;

  // Creates the jobs of a batch; those of locked users get RowLockedError(). `lock_timeout` is how
  // long the first statement may wait for a lock.
  Task<absl::StatusOr<Batches::Answers>> CreateBatch(const std::vector<NewJob>& jobs,
                                                     absl::Duration lock_timeout,
                                                     absl::Time deadline);

  StoreContext& context_;
  Batches creates_;
  Batches locked_;  // The creations for locked users.
  LockedUsers locked_users_;
  const MetricRegistration queue_metric_;  // Reads creates_.
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_CREATE_STORE_H_

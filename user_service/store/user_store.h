#ifndef VIBESTACK_USER_SERVICE_STORE_USER_STORE_H_
#define VIBESTACK_USER_SERVICE_STORE_USER_STORE_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/coalescer.h"
#include "common/async/delays.h"
#include "common/async/task.h"
#include "common/db/pool.h"
#include "common/db/standby_reads.h"
#include "common/telemetry/metrics.h"
#include "user_service/store/export_jobs.h"
#include "user_service/store/user.h"

namespace vibestack::user_service {

// The session options for the pool of a UserStore.
db::SessionOptions UserSessionOptions(const std::string& database_url);

// Reads and writes the table `users`, and reads and deletes the rows of `agent_jobs` that belong to
// a user. The caller checks all inputs: ids are UUIDs in lower case, and texts hold no NUL.
//
// Every method may return UNAVAILABLE (DATABASE_UNAVAILABLE, SHUTTING_DOWN), RESOURCE_EXHAUSTED
// (QUEUE_FULL) with RetryInfo, DEADLINE_EXCEEDED, and the other errors of Session::Exec. If the
// reply to a COMMIT is lost, the method runs the write again; every write is idempotent. If the
// second run fails too, the method returns UNAVAILABLE, and the write may have happened. A write
// whose row another transaction has locked waits without a connection, and gets DEADLINE_EXCEEDED
// (ROW_LOCKED) at the end.
// Thread-safe.
class UserStore {
 public:
  struct Options {
    // Coalesces the reads by id. The weight of a read is its number of ids. The store adds the
    // metrics and spans.
    CoalescerOptions reads;
    // The standby that List() reads from while it is available. Null: List() reads from the
    // primary. Must outlive the store.
    db::Pool* standby = nullptr;
  };

  // `pool` and `metrics` must outlive the store.
  UserStore(db::Pool& pool, Metrics& metrics, Options options);
  UserStore(const UserStore&) = delete;
  UserStore& operator=(const UserStore&) = delete;
  ~UserStore() { Close(); }

  // Sets the function that is called after every attempt to write the user `id`, also a failed one,
  // before the caller gets the result. It runs on a thread of the pool, so it must be thread-safe
  // and must not block. Call this before the first write.
  void OnWritten(std::function<void(const std::string& id)> on_written) {
    on_written_ = std::move(on_written);
  }

  // Answers waiting reads by id and waiting writes with UNAVAILABLE, and returns when no batch is
  // in flight. May be called twice.
  void Close() {
    delays_.Close();
    reads_.Close();
  }

  // Reads users by id: one entry for each id, in order; null for an id without a user. Reads from
  // the primary, so it sees every write that finished before the call.
  Task<absl::StatusOr<std::vector<UserPtr>>> GetMany(std::vector<std::string> ids,
                                                     absl::Time deadline);
  Task<absl::StatusOr<UserPtr>> Get(std::string id, absl::Time deadline);

  // Finds the user with this email; null if there is none. Compares ASCII letters without case.
  // Rows of adopted tables may differ in case only: then this prefers the exact spelling, then the
  // email in lower case, then the oldest user.
  Task<absl::StatusOr<UserPtr>> FindByEmail(std::string email, absl::Time deadline);

  enum class InsertOutcome { kCreated, kIdTaken, kEmailTaken };
  struct Insertion {
    InsertOutcome outcome;
    UserPtr user;  // the new user, or the one that has the id; null for kEmailTaken
  };
  // Creates a user, unless its id or email is taken.
  Task<absl::StatusOr<Insertion>> Insert(NewUser user, absl::Time deadline);

  // Changes a user and returns the changed user; null if the user does not exist. Empty changes
  // only read the user. Errors: ALREADY_EXISTS (EMAIL_TAKEN); FAILED_PRECONDITION (LAST_SUPERUSER)
  // if no active superuser would remain; ABORTED (CONFLICT) if the hash is not `expected_hash`.
  Task<absl::StatusOr<UserPtr>> Update(std::string id, UserChanges changes, absl::Time deadline);

  // Makes an account inactive, if it is active, and returns the user; null if the user does not
  // exist. Errors: FAILED_PRECONDITION (LAST_SUPERUSER).
  Task<absl::StatusOr<UserPtr>> Deactivate(std::string id, absl::Time deadline);

  // Makes an account active and returns the user; null if the user does not exist. Errors:
  // ALREADY_EXISTS (USER_ACTIVE) if the account was active.
  Task<absl::StatusOr<UserPtr>> Activate(std::string id, absl::Time deadline);

  // Replaces the password hash of the user `read`, if the row is still active and still has the
  // hash and the email of `read`. Null if it does not, or if the row is gone: the caller should
  // read the user again.
  Task<absl::StatusOr<UserPtr>> ReplacePassword(UserPtr read, Secret new_hash, absl::Time deadline);

  // Deletes a user and the user's jobs. Errors: FAILED_PRECONDITION (LAST_SUPERUSER, or
  // STILL_REFERENCED if another table refers to the user or a job); ABORTED (CONFLICT) if other
  // calls keep creating jobs for the user.
  struct Purge {
    bool found = false;
    int64_t jobs = 0;  // how many jobs it deleted
  };
  Task<absl::StatusOr<Purge>> Erase(std::string id, absl::Time deadline);

  // Reads one page of users. A page may have fewer users than the limit and still have a next page
  // (list_users.h). With a standby, the page may lag behind the primary.
  Task<absl::StatusOr<UserPage>> List(UserQuery query, absl::Time deadline);

  // Reads one page of a user's jobs, oldest first; empty after the last job.
  Task<absl::StatusOr<std::vector<StoredJob>>> ListJobs(JobPageQuery query, absl::Time deadline);

 private:
  using Reads = Coalescer<std::vector<std::string>, std::vector<UserPtr>>;

  Task<absl::StatusOr<Reads::Answers>> ReadBatch(
      const std::vector<std::vector<std::string>>& requests, absl::Time deadline);
  // Runs a write of the user `id`, then what OnWritten set. `work` must be idempotent.
  template <typename T>
  Task<absl::StatusOr<T>> Write(std::string id, absl::Time deadline,
                                std::function<absl::StatusOr<T>(db::Session&)> work);

  db::Pool& pool_;
  Delays delays_;  // the waits of writes whose row another transaction has locked
  std::function<void(const std::string& id)> on_written_ = [](const std::string&) {};
  const db::StandbyReads lists_;
  Reads reads_;
  const MetricRegistration queue_metric_;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_STORE_USER_STORE_H_

#ifndef VIBESTACK_USER_SERVICE_STORE_USER_STORE_H_
#define VIBESTACK_USER_SERVICE_STORE_USER_STORE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/coalescer.h"
#include "common/async/task.h"
#include "common/db/lagging_reads.h"
#include "common/db/pool.h"
#include "user_service/store/export_jobs.h"
#include "user_service/store/user.h"

namespace vibestack::user_service {

// How a session that a UserStore works on is set up.
db::SessionOptions UserSessionOptions(const std::string& database_url);

// The table `users`, and of `agent_jobs` what belongs to a user. All ids are UUIDs in lower case,
// all texts are free of NUL: the caller has checked them.
//
// Errors of every method: UNAVAILABLE (DATABASE_UNAVAILABLE, SHUTTING_DOWN) and RESOURCE_EXHAUSTED
// (QUEUE_FULL) with RetryInfo, DEADLINE_EXCEEDED. A write whose COMMIT got no answer is run again,
// which changes nothing more, so UNAVAILABLE means that the effect is unknown. Thread-safe.
class UserStore {
 public:
  struct Options {
    // How the look-ups by id are batched; a look-up weighs as many as it has ids.
    CoalescerOptions reads;
    // Called after every try to write the row of that id, before the writer is answered.
    std::function<void(const std::string& id)> on_written = [](const std::string&) {};
    // Where lists are read while it is there; null: from the pool. Must outlive this.
    db::Pool* standby = nullptr;
  };

  // `pool` must outlive this.
  UserStore(db::Pool& pool, Options options);
  UserStore(const UserStore&) = delete;
  UserStore& operator=(const UserStore&) = delete;
  ~UserStore() { Close(); }

  // Answers look-ups that wait with UNAVAILABLE. May be called twice.
  void Close() { reads_.Close(); }

  // Rows as they are now: what was written before the call is seen. One for each id, in order.
  Task<absl::StatusOr<std::vector<UserPtr>>> GetMany(std::vector<std::string> ids,
                                                     absl::Time deadline);
  Task<absl::StatusOr<UserPtr>> Get(std::string id, absl::Time deadline);

  // The row with that email in any case of its ASCII letters. Where adopted rows differ in case
  // only: the one as given, else the one in lower case, else the oldest.
  Task<absl::StatusOr<UserPtr>> FindByEmail(std::string email, absl::Time deadline);

  enum class InsertOutcome { kCreated, kIdTaken, kEmailTaken };
  struct Insertion {
    InsertOutcome outcome;
    UserPtr user;  // the new row, or the one that has the id
  };
  Task<absl::StatusOr<Insertion>> Insert(NewUser user, absl::Time deadline);

  // The changed row; null where there is none. ALREADY_EXISTS (EMAIL_TAKEN); FAILED_PRECONDITION
  // (LAST_SUPERUSER) where no active superuser would be left. Without changes it only reads.
  Task<absl::StatusOr<UserPtr>> Update(std::string id, UserChanges changes, absl::Time deadline);

  // Makes the account inactive, if it is not. Null where there is none; FAILED_PRECONDITION
  // (LAST_SUPERUSER).
  Task<absl::StatusOr<UserPtr>> Deactivate(std::string id, absl::Time deadline);

  // Makes the account active. Null where there is none; ALREADY_EXISTS (USER_ACTIVE) when it is.
  Task<absl::StatusOr<UserPtr>> Activate(std::string id, absl::Time deadline);

  // Replaces the password of an account that is as it was read: same hash, same email, active. Null
  // where it is not, or there is none any more: read it again.
  Task<absl::StatusOr<UserPtr>> ReplacePassword(UserPtr read, Secret new_hash, absl::Time deadline);

  // Erases the user and the user's jobs. FAILED_PRECONDITION (LAST_SUPERUSER); ABORTED (CONFLICT)
  // where the jobs did not stop coming.
  struct Purge {
    bool found = false;
    int64_t jobs = 0;  // that were erased
  };
  Task<absl::StatusOr<Purge>> Erase(std::string id, absl::Time deadline);

  // One page. It may hold fewer users than there are and say where to go on (list_users.h), and
  // may lag where there is a standby.
  Task<absl::StatusOr<UserPage>> List(UserQuery query, absl::Time deadline);

  // A page of a user's jobs, which job_service writes and only an export reads here.
  Task<absl::StatusOr<std::vector<StoredJob>>> ListJobs(JobPageQuery query, absl::Time deadline);

  // Look-ups by id that wait, for metrics.
  size_t queued_reads() const { return reads_.queued(); }

 private:
  using Reads = Coalescer<std::vector<std::string>, std::vector<UserPtr>>;

  Task<absl::StatusOr<Reads::Answers>> ReadBatch(
      const std::vector<std::vector<std::string>>& requests, absl::Time deadline);
  // Runs a write that may be repeated.
  template <typename T>
  Task<absl::StatusOr<T>> Write(std::string id, absl::Time deadline,
                                std::function<absl::StatusOr<T>(db::Session&)> work);

  db::Pool& pool_;
  const Options options_;
  const db::LaggingReads lists_;
  Reads reads_;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_STORE_USER_STORE_H_

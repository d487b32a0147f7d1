#ifndef VIBESTACK_USER_SERVICE_STORE_USER_STORE_H_
#define VIBESTACK_USER_SERVICE_STORE_USER_STORE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/coalescer.h"
#include "common/async/task.h"
#include "common/db/standby_reads.h"
#include "common/db/pool.h"
#include "user_service/store/export_jobs.h"
#include "user_service/store/user.h"

namespace vibestack::user_service {

// The options of the sessions that a UserStore's pool holds.
db::SessionOptions UserSessionOptions(const std::string& database_url);

// Reads and writes the table `users`, and reads and deletes the rows of `agent_jobs` that belong to
// a user. The caller checks all inputs: ids are UUIDs in lower case, and texts hold no NUL.
//
// Every method may return UNAVAILABLE (DATABASE_UNAVAILABLE, SHUTTING_DOWN), RESOURCE_EXHAUSTED
// (QUEUE_FULL) with RetryInfo, and DEADLINE_EXCEEDED. When the reply to a COMMIT is lost, the
// method runs the write again, which has no second effect. If that fails too, it is unknown whether
// the write happened: UNAVAILABLE. Thread-safe.
class UserStore {
 public:
  struct Options {
    // Batches the reads by id. The weight of a read is its number of ids.
    CoalescerOptions reads;
    // Called after every attempt to write the user `id`, before the write returns. Any thread of
    // the pool may call it.
    std::function<void(const std::string& id)> on_written = [](const std::string&) {};
    // Serves the lists while it is available. Null: the pool serves them. Must outlive the store.
    db::Pool* standby = nullptr;
  };

  // `pool` must outlive the store.
  UserStore(db::Pool& pool, Options options);
  UserStore(const UserStore&) = delete;
  UserStore& operator=(const UserStore&) = delete;
  ~UserStore() { Close(); }

  // Ends waiting reads by id with UNAVAILABLE. A second call does nothing.
  void Close() { reads_.Close(); }

  // Reads users: one entry for each id, in order; null for an id without a user. Sees every write
  // that finished before the call.
  Task<absl::StatusOr<std::vector<UserPtr>>> GetMany(std::vector<std::string> ids,
                                                     absl::Time deadline);
  Task<absl::StatusOr<UserPtr>> Get(std::string id, absl::Time deadline);

  // Finds the user with this email, in any case of its ASCII letters; null when there is none. When
  // adopted rows differ in case only, it prefers the email as given, then the one in lower case,
  // then the oldest user.
  Task<absl::StatusOr<UserPtr>> FindByEmail(std::string email, absl::Time deadline);

  enum class InsertOutcome { kCreated, kIdTaken, kEmailTaken };
  struct Insertion {
    InsertOutcome outcome;
    UserPtr user;  // the new user, or the one that has the id; null for kEmailTaken
  };
  Task<absl::StatusOr<Insertion>> Insert(NewUser user, absl::Time deadline);

  // Changes a user and returns the result; null when the user does not exist. Empty changes only
  // read. ALREADY_EXISTS (EMAIL_TAKEN); FAILED_PRECONDITION (LAST_SUPERUSER) when no active
  // superuser would remain; ABORTED (CONFLICT) when the hash is not the expected one.
  Task<absl::StatusOr<UserPtr>> Update(std::string id, UserChanges changes, absl::Time deadline);

  // Makes an account inactive; an inactive account stays as it is. Null when the user does not
  // exist. FAILED_PRECONDITION (LAST_SUPERUSER).
  Task<absl::StatusOr<UserPtr>> Deactivate(std::string id, absl::Time deadline);

  // Makes an account active. Null when the user does not exist. ALREADY_EXISTS (USER_ACTIVE) when
  // it is active already.
  Task<absl::StatusOr<UserPtr>> Activate(std::string id, absl::Time deadline);

  // Replaces the hash of an account that has not changed since it was read: it is active and has
  // the same hash and email. Null otherwise, and when the user does not exist: read the user again.
  Task<absl::StatusOr<UserPtr>> ReplacePassword(UserPtr read, Secret new_hash, absl::Time deadline);

  // Deletes a user and the user's jobs. FAILED_PRECONDITION (LAST_SUPERUSER); ABORTED (CONFLICT)
  // when others keep creating jobs for the user.
  struct Purge {
    bool found = false;
    int64_t jobs = 0;  // how many jobs it deleted
  };
  Task<absl::StatusOr<Purge>> Erase(std::string id, absl::Time deadline);

  // Reads a page. A page may be short and say where to continue (list_users.h). With a standby, the
  // page may lag behind the primary.
  Task<absl::StatusOr<UserPage>> List(UserQuery query, absl::Time deadline);

  // Reads a page of a user's jobs for the export.
  Task<absl::StatusOr<std::vector<StoredJob>>> ListJobs(JobPageQuery query, absl::Time deadline);

  // The number of waiting reads by id, for metrics.
  size_t queued_reads() const { return reads_.queued(); }

 private:
  using Reads = Coalescer<std::vector<std::string>, std::vector<UserPtr>>;

  Task<absl::StatusOr<Reads::Answers>> ReadBatch(
      const std::vector<std::vector<std::string>>& requests, absl::Time deadline);
  // Runs a write of the user `id`. `work` must be safe to run twice.
  template <typename T>
  Task<absl::StatusOr<T>> Write(std::string id, absl::Time deadline,
                                std::function<absl::StatusOr<T>(db::Session&)> work);

  db::Pool& pool_;
  const Options options_;
  const db::StandbyReads lists_;
  Reads reads_;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_STORE_USER_STORE_H_

#ifndef VIBESTACK_COMMON_DB_LOCKED_ROWS_H_
#define VIBESTACK_COMMON_DB_LOCKED_ROWS_H_

#include <functional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/delays.h"
#include "common/async/task.h"
#include "common/db/pool.h"
#include "common/db/session.h"
#include "common/db/sql_state.h"

// Any program may lock a row for minutes. A statement that waits for it would keep a connection,
// and a statement of many calls would keep all of them waiting. So the statements of the services
// leave out locked rows (SKIP LOCKED) or wait for a moment (lock_timeout), and fail with
// RowLockedError(). Then only the call on the locked row waits: without a connection, and until its
// own deadline.
namespace vibestack::db {

// The pauses between the tries of one call. Use one object for each call.
class LockedRowRetry {
 public:
  // `delays` must outlive this.
  LockedRowRetry(Delays& delays, absl::Time deadline) : delays_(delays), deadline_(deadline) {}

  // Waits for the next try. Returns OK then, or the error of the call: DEADLINE_EXCEEDED
  // (ROW_LOCKED) if the deadline would pass first, UNAVAILABLE (SHUTTING_DOWN).
  Task<absl::Status> Pause();

 private:
  Delays& delays_;
  const absl::Time deadline_;
  int tries_ = 0;
};

// Runs a task on the pool (Pool::Run), again and again while it fails with RowLockedError(). Such a
// run must not have changed anything. Errors: those of Pool::Run and of LockedRowRetry::Pause.
template <typename T>
Task<absl::StatusOr<T>> RunUntilUnlocked(Pool& pool, Delays& delays, absl::Time deadline,
                                         Repeat repeat,
                                         std::function<absl::StatusOr<T>(Session&)> work) {
  LockedRowRetry retry(delays, deadline);
  while (true) {
    absl::StatusOr<T> outcome = co_await pool.Run<T>(deadline, repeat, work);
    if (!IsRowLocked(outcome.status())) co_return outcome;
    absl::Status paused = co_await retry.Pause();
    if (!paused.ok()) co_return paused;
  }
}

}  // namespace vibestack::db

#endif  // VIBESTACK_COMMON_DB_LOCKED_ROWS_H_

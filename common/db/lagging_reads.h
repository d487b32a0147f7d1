#ifndef VIBESTACK_COMMON_DB_LAGGING_READS_H_
#define VIBESTACK_COMMON_DB_LAGGING_READS_H_

#include <functional>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/db/pool.h"

// Reads that may lag: lists and statistics for people, from a standby that replays what the primary
// committed, moments later or, when it fell behind, minutes. Never what somebody is let in by, and
// never what a write or a watch goes on from.
namespace vibestack::db {

// A pool on the standby of the flag --read_database_url, else as `primary` says; null without that
// flag. It has no part in readiness, and no metrics but RegisterStandbyMetrics's.
std::unique_ptr<Pool> OpenStandby(PoolOptions primary);

// Where reads that may lag go: to the standby while it has a connection to spare, else, and where
// it failed them, to the primary. So one that hangs holds as many reads as it has connections, and
// no more. Cheap to copy; thread-safe.
class LaggingReads {
 public:
  // `standby` may be null: every read goes to the primary then. Both must outlive this.
  LaggingReads(Pool& primary, Pool* standby) : primary_(&primary), standby_(standby) {}

  // As Pool::Run of a `work` that only reads. It may run twice, once in each database.
  template <typename T>
  Task<absl::StatusOr<T>> Run(absl::Time deadline,
                              std::function<absl::StatusOr<T>(Session&)> work) const {
    if (standby_ != nullptr && standby_->has_idle()) {
      absl::StatusOr<T> read = co_await standby_->Run<T>(deadline, Repeat::kNever, work);
      if (!IsOfTheStandby(read.status())) co_return read;
    }
    co_return co_await primary_->Run<T>(deadline, Repeat::kSafe, std::move(work));
  }

 private:
  // Whether the standby failed and not the read: it is lost, it is out of memory or disk, or
  // replaying a change that the read was in the way of ended it.
  static bool IsOfTheStandby(const absl::Status& status) {
    return absl::IsUnavailable(status) || absl::IsResourceExhausted(status) ||
           absl::IsAborted(status);
  }

  Pool* primary_;
  Pool* standby_;
};

}  // namespace vibestack::db

#endif  // VIBESTACK_COMMON_DB_LAGGING_READS_H_

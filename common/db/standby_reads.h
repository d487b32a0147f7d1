#ifndef VIBESTACK_COMMON_DB_STANDBY_READS_H_
#define VIBESTACK_COMMON_DB_STANDBY_READS_H_

#include <functional>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/db/pool.h"

// Reads that tolerate replication lag: lists and statistics for people. They may run on a standby,
// which is usually moments behind the primary, in bad times minutes. Never use them for
// authorization, before a write, or as the start of a watch.
namespace vibestack::db {

// Opens a pool on the standby of --read_database_url, with the session and the limits of `primary`;
// null without the flag. The pool does not affect readiness, and its only metrics are those of
// RegisterStandbyMetrics.
std::unique_ptr<Pool> OpenStandby(PoolOptions primary);

// Runs reads on the standby while it has an idle connection; otherwise, and when the standby fails,
// on the primary. So a standby that hangs blocks at most one read for each of its connections.
// Cheap to copy; thread-safe.
class StandbyReads {
 public:
  // `standby` may be null; then every read runs on the primary. Both must outlive this.
  StandbyReads(Pool& primary, Pool* standby) : primary_(&primary), standby_(standby) {}

  // As Pool::Run. `work` must only read; it may run twice, once on each database.
  template <typename T>
  Task<absl::StatusOr<T>> Run(absl::Time deadline,
                              std::function<absl::StatusOr<T>(Session&)> work) const {
    if (standby_ != nullptr && standby_->has_idle()) {
      absl::StatusOr<T> read = co_await standby_->Run<T>(deadline, Repeat::kNever, work);
      if (!IsStandbyFailure(read.status())) co_return read;
    }
    co_return co_await primary_->Run<T>(deadline, Repeat::kSafe, std::move(work));
  }

 private:
  // Whether the standby failed rather than the read: it is unavailable, out of memory or disk, or
  // cancelled the read because of a conflict with replication.
  static bool IsStandbyFailure(const absl::Status& status) {
    return absl::IsUnavailable(status) || absl::IsResourceExhausted(status) ||
           absl::IsAborted(status);
  }

  Pool* primary_;
  Pool* standby_;
};

}  // namespace vibestack::db

#endif  // VIBESTACK_COMMON_DB_STANDBY_READS_H_

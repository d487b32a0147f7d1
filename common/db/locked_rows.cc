#include "common/db/locked_rows.h"

#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/base/random.h"

namespace vibestack::db {
namespace {

// A lock of another call of ours lasts a millisecond or two; a lock that lasts longer may last
// minutes.
constexpr absl::Duration kFirstPause = absl::Milliseconds(4);
constexpr absl::Duration kLongestPause = absl::Milliseconds(250);

}  // namespace

Task<absl::Status> LockedRowRetry::Pause() {
  const absl::Time next = absl::Now() + BackoffWithJitter(tries_++, kFirstPause, kLongestPause);
  if (next >= deadline_) {
    co_return MakeError(absl::StatusCode::kDeadlineExceeded, "ROW_LOCKED",
                        "another transaction kept the row locked");
  }
  const bool passed = co_await delays_.Until(next);
  if (!passed) co_return UnavailableError("SHUTTING_DOWN", "the service is shutting down");
  co_return absl::OkStatus();
}

}  // namespace vibestack::db

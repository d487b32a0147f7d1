#ifndef VIBESTACK_COMMON_ASYNC_SYNC_WAIT_H_
#define VIBESTACK_COMMON_ASYNC_SYNC_WAIT_H_

#include <optional>
#include <utility>

#include "absl/synchronization/notification.h"
#include "common/async/task.h"

namespace vibestack {

namespace internal {

template <typename T>
Task<void> StoreAndNotify(Task<T> task, std::optional<T>& result, absl::Notification& done) {
  T value = co_await task;
  result.emplace(std::move(value));
  done.Notify();
}

}  // namespace internal

// Runs a task and blocks this thread until it ends. For commands and tests; never call it on a
// thread that serves calls.
template <typename T>
T SyncWait(Task<T> task) {
  std::optional<T> result;
  absl::Notification done;
  Start(internal::StoreAndNotify(std::move(task), result, done));
  done.WaitForNotification();
  return *std::move(result);
}

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_ASYNC_SYNC_WAIT_H_

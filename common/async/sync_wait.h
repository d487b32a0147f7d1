#ifndef VIBESTACK_COMMON_ASYNC_SYNC_WAIT_H_
#define VIBESTACK_COMMON_ASYNC_SYNC_WAIT_H_

#include <exception>
#include <optional>
#include <utility>

#include "absl/synchronization/notification.h"
#include "common/async/task.h"

namespace vibestack {

namespace internal {

template <typename T>
Task<void> StoreAndNotify(Task<T> task, std::optional<T>& result, std::exception_ptr& exception,
                          absl::Notification& done) {
  try {
    T value = co_await task;
    result.emplace(std::move(value));
  } catch (...) {
    exception = std::current_exception();
  }
  done.Notify();
}

}  // namespace internal

// Runs a task and blocks this thread until it ends. Throws the exception that left the task. For
// commands and tests; never call it on a thread that serves calls.
template <typename T>
T SyncWait(Task<T> task) {
  std::optional<T> result;
  std::exception_ptr exception;
  absl::Notification done;
  Start(internal::StoreAndNotify(std::move(task), result, exception, done));
  done.WaitForNotification();
  if (exception != nullptr) std::rethrow_exception(exception);
  return *std::move(result);
}

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_ASYNC_SYNC_WAIT_H_

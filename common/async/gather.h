#ifndef VIBESTACK_COMMON_ASYNC_GATHER_H_
#define VIBESTACK_COMMON_ASYNC_GATHER_H_

#include <atomic>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "common/async/completion.h"
#include "common/async/task.h"

namespace vibestack {

namespace internal {

// The shared state of concurrent tasks and of the task that waits for them.
template <typename T>
struct Gathering {
  explicit Gathering(size_t tasks) : left(tasks), outcomes(tasks), exceptions(tasks) {}

  std::atomic<size_t> left;
  std::vector<std::optional<T>> outcomes;
  std::vector<std::exception_ptr> exceptions;
  Completion<bool> done;
};

template <typename T>
Task<void> RunInto(Task<T> task, size_t index, Gathering<T>& gathering) {
  try {
    T outcome = co_await task;
    gathering.outcomes[index].emplace(std::move(outcome));
  } catch (...) {
    gathering.exceptions[index] = std::current_exception();
  }
  // After the last decrement, the gathering may be destroyed.
  if (gathering.left.fetch_sub(1) == 1) gathering.done.Set(true);
}

}  // namespace internal

// Runs tasks concurrently, waits for all of them and returns their results in order. If a task ends
// with an exception, throws the first one after all tasks have ended.
template <typename T>
Task<std::vector<T>> Gather(std::vector<Task<T>> tasks) {
  std::vector<T> outcomes;
  if (tasks.empty()) co_return outcomes;
  const TraceContext* const trace = co_await CurrentTrace();
  internal::Gathering<T> gathering(tasks.size());
  for (size_t i = 0; i < tasks.size(); ++i) {
    Start(internal::RunInto(std::move(tasks[i]), i, gathering), trace);
  }
  co_await gathering.done;
  for (const std::exception_ptr& exception : gathering.exceptions) {
    if (exception != nullptr) std::rethrow_exception(exception);
  }
  outcomes.reserve(tasks.size());
  for (std::optional<T>& outcome : gathering.outcomes) outcomes.push_back(*std::move(outcome));
  co_return outcomes;
}

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_ASYNC_GATHER_H_

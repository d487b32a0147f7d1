#ifndef VIBESTACK_COMMON_ASYNC_TASK_H_
#define VIBESTACK_COMMON_ASYNC_TASK_H_

#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "common/base/exception.h"

// Coroutines for asynchronous work. A handler's code reads sequentially, but blocks no thread while
// it waits for the database or another service.
//
// A Task is lazy: it runs when it is awaited or passed to Start(). It resumes on the thread that
// completed the awaited operation, possibly another thread each time; two threads never run a task
// at once. A started task always runs to its end; nothing cancels it.
//
// Errors are values (absl::Status). An exception that leaves a task whose result can be an error
// (absl::Status, absl::StatusOr) becomes INTERNAL at once. From every other task it goes on to the
// task that awaits it. Start() reports it. So no exception leaves a resumed coroutine.
//
// The trace context propagates implicitly to awaited tasks: see CurrentTrace().
namespace vibestack {

template <typename T>
class Task;

struct TraceContext;  // common/base/trace_context.h

namespace internal {

// The common part of the promises: at its end, a task resumes the task that awaits it.
struct TaskPromiseBase {
  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) noexcept {
      return ended.promise().continuation;
    }
    void await_resume() noexcept {}
  };

  std::suspend_always initial_suspend() noexcept { return {}; }
  FinalAwaiter final_suspend() noexcept { return {}; }
  std::coroutine_handle<> continuation = std::noop_coroutine();
  const TraceContext* trace = nullptr;
};

template <typename T>
struct TaskPromise : TaskPromiseBase {
  Task<T> get_return_object();
  template <typename U>
  void return_value(U&& value) {
    result.emplace(std::forward<U>(value));
  }
  void unhandled_exception() noexcept {
    if constexpr (std::is_convertible_v<absl::Status, T>) {
      result.emplace(InternalErrorFromException());
    } else {
      exception = std::current_exception();
    }
  }
  T Take() {
    if (!result.has_value()) [[unlikely]] {
      std::rethrow_exception(exception);
    }
    return std::move(*result);
  }

  std::optional<T> result;
  std::exception_ptr exception;
};

template <>
struct TaskPromise<void> : TaskPromiseBase {
  Task<void> get_return_object();
  void return_void() noexcept {}
  void unhandled_exception() noexcept { exception = std::current_exception(); }
  void Take() {
    if (exception != nullptr) [[unlikely]] {
      std::rethrow_exception(exception);
    }
  }

  std::exception_ptr exception;
};

}  // namespace internal

// An asynchronous computation of a T. Owns its coroutine; can be awaited at most once.
template <typename T>
class [[nodiscard]] Task {
 public:
  using promise_type = internal::TaskPromise<T>;

  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  template <typename Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
    handle_.promise().continuation = awaiting;
    handle_.promise().trace = awaiting.promise().trace;
    return handle_;
  }
  T await_resume() { return handle_.promise().Take(); }

 private:
  std::coroutine_handle<promise_type> handle_;
};

namespace internal {

template <typename T>
Task<T> TaskPromise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<TaskPromise<T>>::from_promise(*this));
}

inline Task<void> TaskPromise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<TaskPromise<void>>::from_promise(*this));
}

// A coroutine that starts immediately and frees itself at its end.
struct Started {
  struct promise_type {
    Started get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { ReportException(); }

    const TraceContext* trace = nullptr;
  };
};

// Reads or replaces the trace context of the awaiting coroutine, without suspending it.
struct TraceReader {
  bool await_ready() const noexcept { return false; }
  template <typename Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
    trace = awaiting.promise().trace;
    return false;
  }
  const TraceContext* await_resume() const noexcept { return trace; }

  const TraceContext* trace = nullptr;
};

struct TraceWriter {
  bool await_ready() const noexcept { return false; }
  template <typename Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
    awaiting.promise().trace = trace;
    return false;
  }
  void await_resume() const noexcept {}

  const TraceContext* trace;
};

}  // namespace internal

// `co_await CurrentTrace()` returns the trace context of this task, or null. A task inherits it
// from the task that awaits it. The awaiting task, or the caller of Start(), must keep the context
// alive until the task ends.
inline internal::TraceReader CurrentTrace() { return {}; }

// `co_await TraceBy(context)` replaces the trace context of this task and of the tasks that it
// awaits afterwards; null for none.
inline internal::TraceWriter TraceBy(const TraceContext* context) { return {context}; }

namespace internal {

inline Started RunToEnd(Task<void> task, const TraceContext* trace) {
  co_await TraceBy(trace);
  co_await task;
}

}  // namespace internal

// Starts a task that nobody awaits. Runs it on this thread until it first suspends. The caller must
// keep everything that the task refers to, `trace` included, alive until the task ends. Reports an
// exception that leaves the task.
inline void Start(Task<void> task, const TraceContext* trace = nullptr) {
  internal::RunToEnd(std::move(task), trace);
}

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_ASYNC_TASK_H_

#ifndef VIBESTACK_COMMON_ASYNC_COMPLETION_H_
#define VIBESTACK_COMMON_ASYNC_COMPLETION_H_

#include <atomic>
#include <coroutine>
#include <optional>
#include <utility>

namespace vibestack {

// Connects a callback to a coroutine: one task awaits it and one callback sets it, in either order
// and on any threads. It may live in the frame of the awaiting task: Set() does not access it after
// it has resumed the task.
template <typename T>
class Completion {
 public:
  Completion() = default;
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;

  // Sets the value, exactly once. Resumes the awaiting task on this thread.
  void Set(T value) {
    value_.emplace(std::move(value));
    void* waiting = state_.exchange(kSet, std::memory_order_acq_rel);
    if (waiting != nullptr) std::coroutine_handle<>::from_address(waiting).resume();
  }

  // `co_await completion` returns the value. At most once.
  auto operator co_await() noexcept { return Awaiter{*this}; }

 private:
  struct Awaiter {
    bool await_ready() const noexcept {
      return completion.state_.load(std::memory_order_acquire) == kSet;
    }
    bool await_suspend(std::coroutine_handle<> handle) noexcept {
      void* expected = nullptr;
      return completion.state_.compare_exchange_strong(expected, handle.address(),
                                                       std::memory_order_acq_rel);
    }
    T await_resume() { return std::move(*completion.value_); }

    Completion& completion;
  };

  // Not the address of any coroutine.
  inline static void* const kSet = reinterpret_cast<void*>(1);

  std::optional<T> value_;
  std::atomic<void*> state_{nullptr};
};

// A wake-up with several possible sources, such as a change event, a timer or a cancelled call. The
// first source wins. The sources and the one task that awaits it share it (std::shared_ptr).
template <typename Reason>
class Wakeup {
 public:
  // The first call resumes the awaiting task on this thread and returns true; later calls return
  // false. Any thread may call it.
  bool Notify(Reason reason) {
    if (notified_.exchange(true, std::memory_order_acq_rel)) return false;
    completion_.Set(reason);
    return true;
  }

  // `co_await wakeup->Wait()`, at most once. The task holds a reference to this until it resumes.
  auto Wait() noexcept { return completion_.operator co_await(); }

 private:
  std::atomic<bool> notified_{false};
  Completion<Reason> completion_;
};

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_ASYNC_COMPLETION_H_

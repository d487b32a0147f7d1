#ifndef VIBESTACK_COMMON_ASYNC_DELAYS_H_
#define VIBESTACK_COMMON_ASYNC_DELAYS_H_

#include <coroutine>
#include <map>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace vibestack {

// Lets tasks wait for a time without blocking a thread each. The tasks resume on the one thread of
// this object, so they should soon await something else. Thread-safe.
class Delays {
 public:
  Delays() : thread_([this] { Run(); }) {}
  Delays(const Delays&) = delete;
  Delays& operator=(const Delays&) = delete;
  ~Delays() { Close(); }

  // The awaitable of Until(). Lives in the frame of the awaiting task.
  class Delay {
   public:
    Delay(Delays& delays, absl::Time when) : delays_(delays), when_(when) {}
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> handle) {
      handle_ = handle;
      absl::MutexLock lock(&delays_.mutex_);
      if (delays_.closed_) return false;
      delays_.waiting_.emplace(when_, this);
      delays_.changed_.Signal();
      return true;
    }
    bool await_resume() const noexcept { return passed_; }

   private:
    friend class Delays;

    Delays& delays_;
    const absl::Time when_;
    std::coroutine_handle<> handle_;
    bool passed_ = false;
  };

  // `co_await delays.Until(when)` returns true at `when`, or false as soon as this is closed.
  Delay Until(absl::Time when) { return Delay(*this, when); }

  // Resumes the waiting tasks and joins the thread. May be called twice, but never by a task that
  // has waited here.
  void Close() {
    {
      absl::MutexLock lock(&mutex_);
      closed_ = true;
      changed_.Signal();
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  void Run() {
    while (true) {
      std::vector<Delay*> due;
      const bool ends = TakeDue(due);
      for (Delay* delay : due) {
        delay->passed_ = !ends;
        delay->handle_.resume();
      }
      if (ends) return;
    }
  }

  // Waits until a delay has passed and takes those that have. Returns true after Close(), with all
  // delays.
  bool TakeDue(std::vector<Delay*>& due) {
    absl::MutexLock lock(&mutex_);
    while (!closed_ && (waiting_.empty() || waiting_.begin()->first > absl::Now())) {
      changed_.WaitWithDeadline(
          &mutex_, waiting_.empty() ? absl::InfiniteFuture() : waiting_.begin()->first);
    }
    const auto end = closed_ ? waiting_.end() : waiting_.upper_bound(absl::Now());
    for (auto it = waiting_.begin(); it != end; ++it) due.push_back(it->second);
    waiting_.erase(waiting_.begin(), end);
    return closed_;
  }

  absl::Mutex mutex_;
  absl::CondVar changed_;
  std::multimap<absl::Time, Delay*> waiting_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_ASYNC_DELAYS_H_

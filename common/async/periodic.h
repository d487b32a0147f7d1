#ifndef VIBESTACK_COMMON_ASYNC_PERIODIC_H_
#define VIBESTACK_COMMON_ASYNC_PERIODIC_H_

#include <functional>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/exception.h"

namespace vibestack {

// Calls a function repeatedly on its own thread, with a pause before each call. Reports an
// exception that leaves the function, and goes on.
class Periodic {
 public:
  Periodic(absl::Duration pause, std::function<void()> work)
      : pause_(pause), work_(std::move(work)), thread_([this] { Run(); }) {}
  Periodic(const Periodic&) = delete;
  Periodic& operator=(const Periodic&) = delete;
  ~Periodic() { Stop(); }

  // Waits for a call in progress and joins the thread. May be called twice, but not by the
  // function.
  void Stop() {
    {
      absl::MutexLock lock(&mutex_);
      stopping_ = true;
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  void Run() {
    while (Pause()) CatchAll(work_);
  }

  // Waits. Returns false when stopped.
  bool Pause() {
    absl::MutexLock lock(&mutex_);
    return !mutex_.AwaitWithTimeout(absl::Condition(&stopping_), pause_);
  }

  const absl::Duration pause_;
  const std::function<void()> work_;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_ASYNC_PERIODIC_H_

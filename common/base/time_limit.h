#ifndef VIBESTACK_COMMON_BASE_TIME_LIMIT_H_
#define VIBESTACK_COMMON_BASE_TIME_LIMIT_H_

#include <functional>
#include <thread>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

namespace vibestack {

// A watchdog: calls `over`, on a thread of its own, if this still exists at `end`. The destructor
// waits for a call in progress.
class [[nodiscard]] TimeLimit {
 public:
  TimeLimit(absl::Time end, std::function<void()> over)
      : thread_([this, end, over = std::move(over)] {
          if (!ended_.WaitForNotificationWithDeadline(end)) over();
        }) {}
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;
  ~TimeLimit() {
    ended_.Notify();
    thread_.join();
  }

 private:
  absl::Notification ended_;
  std::thread thread_;
};

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_BASE_TIME_LIMIT_H_

#ifndef VIBESTACK_USER_SERVICE_API_WAIT_QUEUE_H_
#define VIBESTACK_USER_SERVICE_API_WAIT_QUEUE_H_

#include <deque>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/async/completion.h"
#include "common/async/task.h"

namespace vibestack::user_service {

// Calls that wait, without a thread, for a change of their key. Calls of one key continue in the
// order in which they came. Thread-safe; must outlive the calls that wait.
class WaitQueue {
 public:
  // `capacity`: how many calls may wait at once, of all keys.
  explicit WaitQueue(size_t capacity) : capacity_(capacity) {}

  // Waits for WakeAll(key), or until `until` (of the machine's clock). Returns false at once if the
  // queue is full.
  Task<bool> Wait(std::string key, absl::Time until);

  // Continues the calls that wait for this key, on this thread.
  void WakeAll(const std::string& key) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Waiter = std::shared_ptr<Wakeup<bool>>;

  bool Add(const std::string& key, const Waiter& waiter) ABSL_LOCKS_EXCLUDED(mutex_);
  void Remove(const std::string& key, const Waiter& waiter) ABSL_LOCKS_EXCLUDED(mutex_);

  const size_t capacity_;
  absl::Mutex mutex_;
  size_t size_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<std::string, std::deque<Waiter>> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_API_WAIT_QUEUE_H_

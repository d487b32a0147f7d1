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

// Calls that wait until something happens to their key. A waiting call holds no thread. The calls
// of one key resume in the order in which they came. Thread-safe; must outlive the waiting calls.
class WaitQueue {
 public:
  // `capacity` is the maximum number of waiting calls, of all keys together.
  explicit WaitQueue(size_t capacity) : capacity_(capacity) {}

  // Waits for WakeAll(key), or until `until` by the machine's clock. Returns true after the wait,
  // and false at once if the queue is full.
  Task<bool> Wait(std::string key, absl::Time until);

  // Resumes the calls that wait for this key, on this thread.
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

#ifndef VIBESTACK_USER_SERVICE_API_WAITING_ROOM_H_
#define VIBESTACK_USER_SERVICE_API_WAITING_ROOM_H_

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

// Where calls wait, without a thread, until something that has their key has changed. Whoever came
// first goes on first. Thread-safe; must outlive those who wait.
class WaitingRoom {
 public:
  // At most `seats` wait at once, of all keys.
  explicit WaitingRoom(size_t seats) : seats_(seats) {}

  // Waits for CallAll(key), or until `until`. False, at once, when all seats are taken.
  Task<bool> Wait(std::string key, absl::Time until);

  // Lets those who wait now go on, on this thread.
  void CallAll(const std::string& key) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Waiter = std::shared_ptr<Wakeup<bool>>;

  bool Enter(const std::string& key, const Waiter& waiter) ABSL_LOCKS_EXCLUDED(mutex_);
  void Leave(const std::string& key, const Waiter& waiter) ABSL_LOCKS_EXCLUDED(mutex_);

  const size_t seats_;
  absl::Mutex mutex_;
  size_t taken_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<std::string, std::deque<Waiter>> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_API_WAITING_ROOM_H_

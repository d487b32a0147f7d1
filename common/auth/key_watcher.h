#ifndef VIBESTACK_COMMON_AUTH_KEY_WATCHER_H_
#define VIBESTACK_COMMON_AUTH_KEY_WATCHER_H_

#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/auth/key_ring.h"

namespace vibestack::auth {

// Reads the key directory anew every few seconds, so that keys come and go without a restart. (A
// look at the files instead of inotify: it also sees what Kubernetes swaps in by symbolic links,
// and what was changed on another machine.) While the directory is bad the last good keys stay, and
// that is logged once. Has a thread of its own.
class KeyWatcher {
 public:
  // `keys` must outlive this.
  KeyWatcher(KeyRing& keys, absl::Duration interval);
  KeyWatcher(const KeyWatcher&) = delete;
  KeyWatcher& operator=(const KeyWatcher&) = delete;
  ~KeyWatcher() { Stop(); }

  // Joins the thread. May be called twice.
  void Stop();

 private:
  void Run();
  // Whether to go on after `interval`.
  bool Pause();
  void Reload();

  KeyRing& keys_;
  const absl::Duration interval_;
  bool failing_ = false;  // of the thread
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_KEY_WATCHER_H_

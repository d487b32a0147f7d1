#ifndef VIBESTACK_COMMON_AUTH_KEY_WATCHER_H_
#define VIBESTACK_COMMON_AUTH_KEY_WATCHER_H_

#include "absl/time/time.h"
#include "common/async/periodic.h"
#include "common/auth/key_ring.h"

namespace vibestack::auth {

// Reloads the key directory every few seconds, on a thread of its own, so that keys can be added
// and removed without a restart. (Polling instead of inotify also notices symbolic links that
// Kubernetes swaps and changes from other machines.) While the directory is invalid, the last good
// keys stay in use; one log line says so.
class KeyWatcher {
 public:
  // `keys` must outlive this.
  KeyWatcher(KeyRing& keys, absl::Duration interval);

  // Joins the thread. May be called twice.
  void Stop() { reloads_.Stop(); }

 private:
  void Reload();

  KeyRing& keys_;
  bool failing_ = false;  // used by the thread only
  Periodic reloads_;
};

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_KEY_WATCHER_H_

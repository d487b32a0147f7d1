#ifndef VIBESTACK_COMMON_AUTH_KEY_WATCHER_H_
#define VIBESTACK_COMMON_AUTH_KEY_WATCHER_H_

#include "absl/time/time.h"
#include "common/async/periodic.h"
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

  // Joins the thread. May be called twice.
  void Stop() { looks_.Stop(); }

 private:
  void Reload();

  KeyRing& keys_;
  bool failing_ = false;  // of the thread
  Periodic looks_;
};

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_KEY_WATCHER_H_

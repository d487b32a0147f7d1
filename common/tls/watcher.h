#ifndef VIBESTACK_COMMON_TLS_WATCHER_H_
#define VIBESTACK_COMMON_TLS_WATCHER_H_

#include <atomic>
#include <functional>

#include "absl/status/status.h"
#include "common/async/periodic.h"
#include "common/tls/config.h"

namespace vibestack::tls {

// Reads a side's files anew, again and again, and hands on what has changed in them. (A look at the
// files instead of inotify, as with the signing keys.) A pair that does not fit, as it is seen
// while somebody replaces one file after the other, and files that cannot be read change nothing;
// that is logged once until it is good again. Has a thread of its own.
class Watcher {
 public:
  // Puts changed material to use. What it refuses is logged and tried again at the next look.
  using OnChange = std::function<absl::Status(const Material&)>;

  // Looks often enough that `on_change` is called, on the thread, a second before `config.reload`
  // is over.
  Watcher(Config config, OnChange on_change);

  // Unix seconds at which our present certificate expires; infinite without one. Thread-safe.
  double not_after_seconds() const { return not_after_seconds_; }

  // Joins the thread. May be called twice.
  void Stop() { looks_.Stop(); }

 private:
  void Look();
  // What has changed is in use then.
  absl::Status Take(const Material& material);

  Config config_;  // of the thread, which keeps the present material in it
  const OnChange on_change_;
  bool failing_ = false;  // of the thread
  std::atomic<double> not_after_seconds_;
  Periodic looks_;
};

}  // namespace vibestack::tls

#endif  // VIBESTACK_COMMON_TLS_WATCHER_H_

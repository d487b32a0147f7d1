#ifndef VIBESTACK_COMMON_TLS_WATCHER_H_
#define VIBESTACK_COMMON_TLS_WATCHER_H_

#include <atomic>
#include <functional>

#include "absl/status/status.h"
#include "common/async/periodic.h"
#include "common/tls/config.h"

namespace vibestack::tls {

// Polls the files of one side of a connection, on a thread of its own, and reports changes.
// (Polling instead of inotify, as in auth/key_watcher.h.) Ignores files that cannot be read and a
// key that does not match the certificate, which occurs while somebody replaces the files one after
// the other. Logs such an error once until the files are valid again.
class Watcher {
 public:
  // Applies changed material. An error is logged, and the next poll tries again.
  using OnChange = std::function<absl::Status(const Material&)>;

  // Polls every `config.reload` minus one second; the rest is for applying the change. Calls
  // `on_change` on its own thread.
  Watcher(Config config, OnChange on_change);

  // Expiry of our current certificate in Unix seconds; infinite without one. Thread-safe.
  double not_after_seconds() const { return not_after_seconds_; }

  // Joins the thread. May be called twice.
  void Stop() { polls_.Stop(); }

 private:
  void Poll();
  // Applies changed material.
  absl::Status Apply(const Material& material);

  Config config_;  // only the thread uses it; holds the current material
  const OnChange on_change_;
  bool failing_ = false;  // used by the thread only
  std::atomic<double> not_after_seconds_;
  Periodic polls_;
};

}  // namespace vibestack::tls

#endif  // VIBESTACK_COMMON_TLS_WATCHER_H_

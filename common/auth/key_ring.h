#ifndef VIBESTACK_COMMON_AUTH_KEY_RING_H_
#define VIBESTACK_COMMON_AUTH_KEY_RING_H_

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "common/auth/key_set.h"

namespace vibestack::auth {

// The keys of a directory (see key_files.h). Reload may run while tokens are issued and verified.
// Thread-safe.
class KeyRing {
 public:
  // Reads the directory. Errors: those of Reload.
  static absl::StatusOr<std::unique_ptr<KeyRing>> Open(const std::string& directory);

  // The keys of the last successful read; never null.
  std::shared_ptr<const KeySet> Snapshot() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Snapshot() as a function, valid as long as this lives.
  KeySetProvider Provider() const {
    return [this] { return Snapshot(); };
  }

  // Reads the directory again. On an error the last good keys stay, and the error names the file,
  // never its content: UNAVAILABLE when the directory or a file cannot be read; INVALID_ARGUMENT
  // when a file is not an ES256 key or there is no key.
  absl::Status Reload() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  explicit KeyRing(std::string directory) : directory_(std::move(directory)) {}

  const std::string directory_;
  mutable absl::Mutex mutex_;
  std::shared_ptr<const KeySet> keys_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_KEY_RING_H_

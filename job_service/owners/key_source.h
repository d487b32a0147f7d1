#ifndef VIBESTACK_JOB_SERVICE_OWNERS_KEY_SOURCE_H_
#define VIBESTACK_JOB_SERVICE_OWNERS_KEY_SOURCE_H_

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/auth/key_set.h"

namespace vibestack::job_service {

// The keys that verify tokens, fetched from user_service: at the start, every half minute, and at
// once when a token names a key that is not known, though not more than once a second. A thread of
// its own fetches. While user_service is away the last keys stay. Thread-safe.
class KeySource {
 public:
  using Fetch = std::function<absl::StatusOr<std::vector<auth::Jwk>>(absl::Time deadline)>;

  explicit KeySource(Fetch fetch);
  KeySource(const KeySource&) = delete;
  KeySource& operator=(const KeySource&) = delete;
  ~KeySource() { Stop(); }

  // Joins the thread. May be called twice.
  void Stop();

  // Null until keys are known.
  std::shared_ptr<const auth::KeySet> Snapshot() const;

  // A token named a key that is not known.
  void RequestRefresh();

 private:
  void Run();
  // One fetch; how long to wait before the next.
  absl::Duration FetchOnce(int& failures);
  void Keep(std::shared_ptr<const auth::KeySet> keys);

  const Fetch fetch_;
  mutable absl::Mutex mutex_;
  std::shared_ptr<const auth::KeySet> keys_ ABSL_GUARDED_BY(mutex_);
  bool requested_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_OWNERS_KEY_SOURCE_H_

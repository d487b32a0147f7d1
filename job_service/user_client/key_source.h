#ifndef VIBESTACK_JOB_SERVICE_USER_CLIENT_KEY_SOURCE_H_
#define VIBESTACK_JOB_SERVICE_USER_CLIENT_KEY_SOURCE_H_

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/async/completion.h"
#include "common/async/task.h"
#include "common/auth/key_set.h"

namespace vibestack::job_service {

// The keys that verify tokens, fetched from user_service: at the start, every half minute, and at
// once when somebody asks for it, since a token names a key that is not known; but never more than
// five times a second. A thread of its own fetches, and those who asked go on in it. While
// user_service is away the last keys stay. Thread-safe.
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

  // Fetches the keys again: OK when that is done, or the error of FetchKeys.
  Task<absl::Status> Refresh();

 private:
  void Run();
  // One fetch; tells its outcome to those who asked for it before. How long to wait before the
  // next.
  absl::Duration FetchOnce(int& failures);
  absl::Status FetchAndKeep();
  std::vector<Completion<absl::Status>*> TakeWaiters();
  void Keep(std::shared_ptr<const auth::KeySet> keys);

  const Fetch fetch_;
  mutable absl::Mutex mutex_;
  std::shared_ptr<const auth::KeySet> keys_ ABSL_GUARDED_BY(mutex_);
  std::vector<Completion<absl::Status>*> waiters_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_USER_CLIENT_KEY_SOURCE_H_

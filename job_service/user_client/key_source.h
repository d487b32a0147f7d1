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

// Fetches the public keys that verify tokens from user_service, on its own thread: at the start,
// every 30 seconds, and on Refresh(), at most five times a second. After a failure it retries with
// backoff, and the last keys stay. Thread-safe.
class KeySource {
 public:
  using Fetch = std::function<absl::StatusOr<std::vector<auth::Jwk>>(absl::Time deadline)>;

  // Starts the thread. `fetch` may block; only this thread calls it.
  explicit KeySource(Fetch fetch);
  KeySource(const KeySource&) = delete;
  KeySource& operator=(const KeySource&) = delete;
  ~KeySource() { Stop(); }

  // Joins the thread. Every waiting and later Refresh() returns UNAVAILABLE (SHUTTING_DOWN). May be
  // called twice.
  void Stop();

  // The keys of the last successful fetch; null before it.
  std::shared_ptr<const auth::KeySet> Snapshot() const;

  // Fetches the keys again, for a token with an unknown key. OK after a fetch that began after this
  // call; else the error of the fetch. The awaiting task resumes on the thread of this object, so
  // it must not block.
  Task<absl::Status> Refresh();

 private:
  void Run();
  // Fetches once and answers the Refresh() calls that came before. Returns the pause before the
  // next fetch.
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

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

// The public keys that verify tokens, fetched from user_service on a thread of its own: at the
// start, every 30 seconds, and at once on Refresh(), but at most five times a second. While
// user_service is away the last keys stay. Thread-safe.
class KeySource {
 public:
  using Fetch = std::function<absl::StatusOr<std::vector<auth::Jwk>>(absl::Time deadline)>;

  explicit KeySource(Fetch fetch);
  KeySource(const KeySource&) = delete;
  KeySource& operator=(const KeySource&) = delete;
  ~KeySource() { Stop(); }

  // Joins the thread and answers every Refresh() with UNAVAILABLE (SHUTTING_DOWN). May be called
  // twice.
  void Stop();

  // Null until keys are known.
  std::shared_ptr<const auth::KeySet> Snapshot() const;

  // Fetches the keys again, for a token whose key is not known. OK after a successful fetch, else
  // the error of `fetch`. The caller goes on in the thread of this object.
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

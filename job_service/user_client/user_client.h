#ifndef VIBESTACK_JOB_SERVICE_USER_CLIENT_USER_CLIENT_H_
#define VIBESTACK_JOB_SERVICE_USER_CLIENT_USER_CLIENT_H_

#include <grpcpp/support/status.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/async/coalescer.h"
#include "common/async/task.h"
#include "common/auth/account.h"
#include "common/auth/key_set.h"
#include "common/base/secret.h"
#include "common/tls/config.h"
#include "common/tls/watcher.h"

namespace vibestack::job_service {

// The gRPC client of user_service, which knows who is who. Connects by itself, again and again
// while it is away, and logs when it is away and when it is back. Errors of all calls:
// FromPeerError's. Thread-safe.
class UserClient {
 public:
  struct Options {
    std::string address;
    // Plaintext without. Files that change give a new connection; the old one ends with its calls.
    std::optional<tls::Config> tls;
    Secret service_token;      // sent with every call
    CoalescerOptions batches;  // how look-ups are coalesced
  };

  explicit UserClient(Options options);
  ~UserClient();

  // Refuses what waits and returns when no call is under way. May be called twice.
  void Close();

  // The present state of a user; `exists` is false where there is none. Coalesced.
  Task<absl::StatusOr<auth::AccountState>> FindAccount(std::string user_id, absl::Time deadline);

  // The keys that verify tokens. Blocks: for KeySource's thread.
  absl::StatusOr<std::vector<auth::Jwk>> FetchKeys(absl::Time deadline);

  // Look-ups that wait.
  size_t queued() const { return finds_.queued(); }

 private:
  struct Stubs;
  // The present connection, which lasts until the last user lets go of it.
  std::shared_ptr<Stubs> Present() const ABSL_LOCKS_EXCLUDED(mutex_);
  void Reconnect(const tls::Material& material) ABSL_LOCKS_EXCLUDED(mutex_);
  using Finds = Coalescer<std::string, auth::AccountState>;

  Task<absl::StatusOr<Finds::Answers>> FindBatch(const std::vector<std::string>& ids,
                                                 absl::Time deadline);

  // Logs a change. Why it fails is for the operator: a refused service token, for one.
  void NoteOutcome(const grpc::Status& status);

  const std::string address_;
  const Secret authorization_;
  std::atomic<bool> failing_{false};
  mutable absl::Mutex mutex_;
  std::shared_ptr<Stubs> stubs_ ABSL_GUARDED_BY(mutex_);
  Finds finds_;
  std::unique_ptr<tls::Watcher> watcher_;  // null in plaintext
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_USER_CLIENT_USER_CLIENT_H_

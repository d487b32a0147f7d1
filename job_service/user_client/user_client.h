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
#include "common/telemetry/metrics.h"
#include "common/tls/config.h"
#include "common/tls/watcher.h"

namespace vibestack::job_service {

// The gRPC client of user_service. It connects and reconnects by itself, and logs when calls begin
// to fail and when they succeed again. Errors of every call: those of FromPeerError. Thread-safe.
// Metrics: vibestack_batch_...{kind="find_owner"}.
class UserClient {
 public:
  struct Options {
    std::string address;
    // std::nullopt: plaintext. If the files change, the client opens a new connection; the old one
    // ends with its last call.
    std::optional<tls::Config> tls;
    Secret service_token;  // sent with every call
    // How look-ups are coalesced. The client sets on_batch and begin_trace.
    CoalescerOptions batches;
  };

  // `metrics` must outlive this.
  UserClient(Options options, Metrics& metrics);
  ~UserClient();

  // Answers waiting look-ups with UNAVAILABLE, and returns when no look-up is in flight. May be
  // called twice.
  void Close();

  // The present account state of a user; `exists` is false if there is no such user. Coalesced.
  // Also returns the errors of Coalescer.
  Task<absl::StatusOr<auth::AccountState>> FindAccount(std::string user_id, absl::Time deadline);

  // The public keys that verify tokens. Blocks the calling thread: for KeySource only.
  absl::StatusOr<std::vector<auth::Jwk>> FetchKeys(absl::Time deadline);

 private:
  struct Stubs;
  // The present connection. It stays open while a call holds it.
  std::shared_ptr<Stubs> Present() const ABSL_LOCKS_EXCLUDED(mutex_);
  void Reconnect(const tls::Material& material) ABSL_LOCKS_EXCLUDED(mutex_);
  using Finds = Coalescer<std::string, auth::AccountState>;

  Task<absl::StatusOr<Finds::Answers>> FindBatch(const std::vector<std::string>& ids,
                                                 absl::Time deadline);

  // Logs when calls begin to fail, with the reason (such as a refused service token), and when they
  // succeed again.
  void NoteOutcome(const grpc::Status& status);

  const std::string address_;
  const Secret authorization_;
  std::atomic<bool> failing_{false};
  mutable absl::Mutex mutex_;
  std::shared_ptr<Stubs> stubs_ ABSL_GUARDED_BY(mutex_);
  Finds finds_;
  std::unique_ptr<tls::Watcher> watcher_;  // null in plaintext
  MetricRegistration queue_metric_;        // last: it reads finds_
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_USER_CLIENT_USER_CLIENT_H_

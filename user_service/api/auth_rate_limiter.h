#ifndef VIBESTACK_USER_SERVICE_API_AUTH_RATE_LIMITER_H_
#define VIBESTACK_USER_SERVICE_API_AUTH_RATE_LIMITER_H_

#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/async/completion.h"
#include "common/async/task.h"
#include "common/rpc/call.h"
#include "common/telemetry/audit.h"
#include "user_service/domain/auth_rate_limits.h"

namespace vibestack::user_service {

// Calls that wait until something happens to their key. A waiting call holds no thread. The calls
// of one key resume in the order in which they came. Thread-safe; must outlive the waiting calls.
class WaitQueue {
 public:
  // `capacity` is the maximum number of waiting calls, of all keys together.
  explicit WaitQueue(size_t capacity) : capacity_(capacity) {}

  // Waits for WakeAll(key), or until `until` by the machine's clock. Returns true after the wait,
  // and false at once if the queue is full.
  Task<bool> Wait(std::string key, absl::Time until);

  // Resumes the calls that wait for this key, on this thread.
  void WakeAll(const std::string& key) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Waiter = std::shared_ptr<Wakeup<bool>>;

  bool Add(const std::string& key, const Waiter& waiter) ABSL_LOCKS_EXCLUDED(mutex_);
  void Remove(const std::string& key, const Waiter& waiter) ABSL_LOCKS_EXCLUDED(mutex_);

  const size_t capacity_;
  absl::Mutex mutex_;
  size_t size_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<std::string, std::deque<Waiter>> waiting_ ABSL_GUARDED_BY(mutex_);
};

// Applies AuthRateLimits to the handlers that compare a secret or reveal whether an account exists.
// Thread-safe; must outlive the calls that it limits.
class AuthRateLimiter {
 public:
  // `limits` must outlive this.
  explicit AuthRateLimiter(AuthRateLimits& limits) : limits_(limits) {}

  // Runs `attempt` if the limits admit it, and records its outcome. While the attempts under way
  // use up a limit, the call waits for them. If the limits refuse it, returns RESOURCE_EXHAUSTED
  // (TOO_MANY_ATTEMPTS) with RetryInfo, and writes a line `<what>_rate_limited` to the audit log.
  //
  // `account` is a normalized name with a prefix for its kind, such as `email:ada@example.com`. If
  // it is empty, only the limit per address applies. `call` must outlive the task.
  template <typename T>
  Task<absl::StatusOr<T>> Limit(rpc::Call& call, const char* what, std::string account,
                                Task<absl::StatusOr<T>> attempt) {
    const AuthRateLimits::Subject subject{std::move(account), AddressOf(call)};
    const absl::Status admitted = co_await AwaitAdmission(call, what, subject);
    if (!admitted.ok()) co_return admitted;
    absl::StatusOr<T> result = co_await attempt;
    RecordOutcome(subject, result.status());
    co_return result;
  }

  // Counts an attempt as a failure whatever its outcome is, for calls that cost others something,
  // such as a mail. Does not wait. Returns OK, or the error of Limit().
  absl::Status CountAttempt(const rpc::Call& call, const char* what, std::string account);

 private:
  // The client's IPv4 address or IPv6 /64; "none" if it is unknown.
  static std::string AddressOf(const rpc::Call& call);
  // What the status of an attempt says about the secret. Errors such as UNAVAILABLE say nothing
  // about it: kUntested.
  static AuthRateLimits::Outcome OutcomeOf(const absl::Status& status);

  Task<absl::Status> AwaitAdmission(rpc::Call& call, const char* what,
                                    const AuthRateLimits::Subject& subject);
  absl::Status Refuse(const rpc::Call& call, const char* what,
                      const AuthRateLimits::Decision& decision);

  void RecordOutcome(const AuthRateLimits::Subject& subject, const absl::Status& status);

  static constexpr int kRefusalsPerSecond = 20;  // lines in the audit log
  static constexpr size_t kMaxWaiting = 1'024;   // calls that wait for attempts under way

  AuthRateLimits& limits_;
  AuditGate refusals_{kRefusalsPerSecond};
  WaitQueue wait_queue_{kMaxWaiting};
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_API_AUTH_RATE_LIMITER_H_

#ifndef VIBESTACK_USER_SERVICE_API_AUTH_RATE_LIMITER_H_
#define VIBESTACK_USER_SERVICE_API_AUTH_RATE_LIMITER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/async/task.h"
#include "common/rpc/call.h"
#include "common/telemetry/audit.h"
#include "user_service/api/waiting_room.h"
#include "user_service/domain/auth_rate_limits.h"

namespace vibestack::user_service {

// Puts handlers that compare a secret, or tell whether somebody exists, behind AuthRateLimits.
// Thread-safe.
class AuthRateLimiter {
 public:
  // `limits` must outlive this.
  explicit AuthRateLimiter(AuthRateLimits& limits) : limits_(limits) {}

  // Runs `work` if the call's address may try that account, and counts what came of it. Else
  // RESOURCE_EXHAUSTED (TOO_MANY_ATTEMPTS, RetryInfo) without running it, and a line
  // `<what>_limited` in the audit log. While attempts under way take what is left, it waits for
  // them.
  //
  // `account` has one spelling for each account, and a prefix for the kind of secret (`email:`);
  // empty where only the address is counted. The call must outlive the task.
  template <typename T>
  Task<absl::StatusOr<T>> Limit(rpc::Call& call, const char* what, std::string account,
                                Task<absl::StatusOr<T>> work) {
    const AuthRateLimits::Subject subject{std::move(account), AddressOf(call)};
    const absl::Status admitted = co_await Enter(call, what, subject);
    if (!admitted.ok()) co_return admitted;
    absl::StatusOr<T> result = co_await work;
    Settle(subject, result.status());
    co_return result;
  }

  // Counts one attempt for good, whatever comes of it: for what costs others something, such as a
  // mail. OK, or refused as above.
  absl::Status Spend(const rpc::Call& call, const char* what, std::string account);

 private:
  // By which a client is known: its IPv4 address or IPv6 /64.
  static std::string AddressOf(const rpc::Call& call);
  // What an answer says about the guess: errors that no guess has part in say nothing.
  static AuthRateLimits::Outcome OutcomeOf(const absl::Status& status);

  Task<absl::Status> Enter(rpc::Call& call, const char* what,
                           const AuthRateLimits::Subject& subject);
  absl::Status Refuse(const rpc::Call& call, const char* what,
                      const AuthRateLimits::Decision& decision);

  void Settle(const AuthRateLimits::Subject& subject, const absl::Status& status);

  static constexpr int kRefusalsPerSecond = 20;  // in the audit log
  static constexpr size_t kSeats = 1'024;        // for calls that wait for others of their address

  AuthRateLimits& limits_;
  AuditGate refusals_{kRefusalsPerSecond};
  WaitingRoom waiting_{kSeats};
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_API_AUTH_RATE_LIMITER_H_

#include "user_service/api/auth_rate_limiter.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/rpc/call_audit.h"

namespace vibestack::user_service {
namespace {

using Verdict = AuthRateLimits::Verdict;

// When a call looks for itself whether attempts under way have left it room, and how long before
// its deadline it gives up: enough for the answer to arrive.
constexpr absl::Duration kLookAgain = absl::Milliseconds(100);
constexpr absl::Duration kAnswerTime = absl::Milliseconds(50);
constexpr absl::Duration kBusyRetry = absl::Seconds(1);

const char* LimitName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAddress:
      return "address";
    case Verdict::kAccount:
      return "account";
    case Verdict::kAccountAndAddress:
      return "account_and_address";
    default:
      return "under_way";
  }
}

}  // namespace

std::string AuthRateLimiter::AddressOf(const rpc::Call& call) {
  const std::optional<rpc::IpAddress> address = call.client_address();
  return address.has_value() ? address->Network() : "none";
}

AuthRateLimits::Outcome AuthRateLimiter::OutcomeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return AuthRateLimits::Outcome::kRight;
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kUnknown:
      return AuthRateLimits::Outcome::kUntested;
    default:
      return AuthRateLimits::Outcome::kWrong;
  }
}

void AuthRateLimiter::Settle(const AuthRateLimits::Subject& subject, const absl::Status& status) {
  limits_.Settle(subject, OutcomeOf(status));
  waiting_.CallAll(subject.address);
}

Task<absl::Status> AuthRateLimiter::Enter(rpc::Call& call, const char* what,
                                          const AuthRateLimits::Subject& subject) {
  const absl::Time deadline = call.WorkDeadline() - kAnswerTime;
  while (true) {
    const AuthRateLimits::Decision decision = limits_.Admit(subject);
    if (decision.verdict == Verdict::kAdmitted) co_return absl::OkStatus();
    const absl::Time now = absl::Now();
    if (decision.verdict != Verdict::kBusy || now >= deadline || call.cancelled()) {
      co_return Refuse(call, what, decision);
    }
    const absl::Time until = std::min(now + kLookAgain, deadline);
    const bool waited = co_await waiting_.Wait(subject.address, until);
    if (!waited) co_return Refuse(call, what, decision);
  }
}

absl::Status AuthRateLimiter::Spend(const rpc::Call& call, const char* what, std::string account) {
  const AuthRateLimits::Subject subject{std::move(account), AddressOf(call)};
  const AuthRateLimits::Decision decision = limits_.Admit(subject);
  if (decision.verdict != Verdict::kAdmitted) return Refuse(call, what, decision);
  limits_.Settle(subject, AuthRateLimits::Outcome::kWrong);
  return absl::OkStatus();
}

absl::Status AuthRateLimiter::Refuse(const rpc::Call& call, const char* what,
                                     const AuthRateLimits::Decision& decision) {
  const std::optional<uint64_t> suppressed = refusals_.Pass();
  if (suppressed.has_value()) {
    rpc::AuditCall(call, std::string(what) + "_limited",
                   {{"limit", LimitName(decision.verdict)}, {"suppressed", *suppressed}});
  }
  return ResourceExhaustedError("TOO_MANY_ATTEMPTS", "too many attempts; try again later",
                                std::max(decision.retry_after, kBusyRetry));
}

}  // namespace vibestack::user_service

#include "user_service/api/auth_rate_limiter.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/rpc/alarm.h"
#include "common/rpc/call_audit.h"

namespace vibestack::user_service {
namespace {

using Verdict = AuthRateLimits::Verdict;

// A waiting call asks the limits again after kRecheckInterval at the latest. It gives up
// kResponseTime before its deadline, so that the response arrives in time.
constexpr absl::Duration kRecheckInterval = absl::Milliseconds(100);
constexpr absl::Duration kResponseTime = absl::Milliseconds(50);
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

Task<bool> WaitQueue::Wait(std::string key, absl::Time until) {
  const Waiter waiter = std::make_shared<Wakeup<bool>>();
  if (!Add(key, waiter)) co_return false;
  const rpc::Alarm alarm(until, [waiter] { waiter->Notify(false); });
  const bool woken = co_await waiter->Wait();
  if (!woken) Remove(key, waiter);
  co_return true;
}

bool WaitQueue::Add(const std::string& key, const Waiter& waiter) {
  absl::MutexLock lock(&mutex_);
  if (size_ >= capacity_) return false;
  ++size_;
  waiting_[key].push_back(waiter);
  return true;
}

void WaitQueue::Remove(const std::string& key, const Waiter& waiter) {
  absl::MutexLock lock(&mutex_);
  const auto found = waiting_.find(key);
  if (found == waiting_.end()) return;
  const auto position = std::find(found->second.begin(), found->second.end(), waiter);
  if (position == found->second.end()) return;  // WakeAll() has removed it.
  found->second.erase(position);
  --size_;
  if (found->second.empty()) waiting_.erase(found);
}

void WaitQueue::WakeAll(const std::string& key) {
  std::deque<Waiter> woken;
  {
    absl::MutexLock lock(&mutex_);
    const auto found = waiting_.find(key);
    if (found == waiting_.end()) return;
    woken = std::move(found->second);
    waiting_.erase(found);
    size_ -= woken.size();
  }
  for (const Waiter& waiter : woken) waiter->Notify(true);
}

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

void AuthRateLimiter::RecordOutcome(const AuthRateLimits::Subject& subject,
                                    const absl::Status& status) {
  limits_.RecordOutcome(subject, OutcomeOf(status));
  wait_queue_.WakeAll(subject.address);
}

Task<absl::Status> AuthRateLimiter::AwaitAdmission(rpc::Call& call, const char* what,
                                                   const AuthRateLimits::Subject& subject) {
  const absl::Time deadline = call.WorkDeadline() - kResponseTime;
  while (true) {
    const AuthRateLimits::Decision decision = limits_.Admit(subject);
    if (decision.verdict == Verdict::kAdmitted) co_return absl::OkStatus();
    const absl::Time now = absl::Now();
    if (decision.verdict != Verdict::kBusy || now >= deadline || call.cancelled()) {
      co_return Refuse(call, what, decision);
    }
    const absl::Time until = std::min(now + kRecheckInterval, deadline);
    const bool waited = co_await wait_queue_.Wait(subject.address, until);
    if (!waited) co_return Refuse(call, what, decision);
  }
}

absl::Status AuthRateLimiter::CountAttempt(const rpc::Call& call, const char* what,
                                           std::string account) {
  const AuthRateLimits::Subject subject{std::move(account), AddressOf(call)};
  const AuthRateLimits::Decision decision = limits_.Admit(subject);
  if (decision.verdict != Verdict::kAdmitted) return Refuse(call, what, decision);
  limits_.RecordOutcome(subject, AuthRateLimits::Outcome::kWrong);
  return absl::OkStatus();
}

absl::Status AuthRateLimiter::Refuse(const rpc::Call& call, const char* what,
                                     const AuthRateLimits::Decision& decision) {
  const std::optional<uint64_t> suppressed = refusals_.Pass();
  if (suppressed.has_value()) {
    rpc::AuditCall(call, std::string(what) + "_rate_limited",
                   {{"limit", LimitName(decision.verdict)}, {"suppressed", *suppressed}});
  }
  return ResourceExhaustedError("TOO_MANY_ATTEMPTS", "too many attempts; try again later",
                                std::max(decision.retry_after, kBusyRetry));
}

}  // namespace vibestack::user_service

#include "job_service/api/waiting.h"

#include <algorithm>
#include <utility>

#include "common/base/error.h"
#include "common/base/random.h"
#include "common/rpc/alarm.h"
#include "common/rpc/validator.h"

namespace vibestack::job_service {
namespace {

// The time that is left before the deadline for the last read and the response.
constexpr absl::Duration kMargin = absl::Milliseconds(100);

constexpr absl::Duration kFirstRetry = absl::Milliseconds(100);

constexpr absl::Duration kShortestHeartbeat = absl::Seconds(1);
constexpr absl::Duration kLongestHeartbeat = absl::Minutes(5);

}  // namespace

absl::Time WaitEnd(absl::Time call_deadline, absl::Duration wait, absl::Time now) {
  // A call with a short deadline keeps half of its time for waiting.
  const absl::Duration margin = std::min(kMargin, (call_deadline - now) / 2);
  return std::min(now + std::min(wait, kMaxWait), call_deadline - margin);
}

Task<Wake> WaitFor(rpc::Call& call, std::shared_ptr<Waker> waker, absl::Time until) {
  call.OnCancel([waker] { waker->Notify(Wake::kGone); });
  const rpc::Alarm alarm(until, [waker] { waker->Notify(Wake::kTimer); });
  const Wake reason = co_await waker->Wait();
  co_return reason;
}

absl::Duration PollPause(absl::Duration poll_interval, int failures) {
  return failures == 0 ? BackoffWithJitter(0, poll_interval, poll_interval)
                       : BackoffWithJitter(failures, kFirstRetry, poll_interval);
}

absl::Time NextPoll(const auth::Caller& caller, absl::Duration poll_interval, int failures,
                    absl::Time now) {
  return std::min(now + PollPause(poll_interval, failures), std::max(caller.token_expires_at, now));
}

Heartbeat::Heartbeat(const google::protobuf::Duration* interval)
    : interval_(interval == nullptr
                    ? absl::InfiniteDuration()
                    : std::clamp(rpc::ToSpan(*interval), kShortestHeartbeat, kLongestHeartbeat)) {}

bool IsTransient(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status) ||
         absl::IsDeadlineExceeded(status);
}

absl::Status StoppingError() {
  return UnavailableError("SHUTTING_DOWN", "the service is shutting down");
}

}  // namespace vibestack::job_service

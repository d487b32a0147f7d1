#ifndef VIBESTACK_USER_SERVICE_MAIL_RETRY_POLICY_H_
#define VIBESTACK_USER_SERVICE_MAIL_RETRY_POLICY_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/http/message.h"

namespace vibestack::user_service {

// What a try came to.
enum class TryOutcome {
  kDelivered,  // 2xx
  kFailed,  // may go well later: no answer, 5xx, 408, 425, 429; 404, which n8n says while it starts
  kRefused,  // it would go wrong again: every other status, redirects too
};
TryOutcome JudgeTry(const absl::StatusOr<http::Response>& response);

// When to try again.
struct RetryPolicy {
  // Doubled from try to try, with jitter.
  absl::Duration first_delay = absl::Milliseconds(500);
  absl::Duration max_delay = absl::Minutes(1);
  // A longer wait than this is not granted to a receiver that asks for one.
  absl::Duration max_retry_after = absl::Minutes(5);
  // A delivery is given up this long after it was made, or when its token expires.
  absl::Duration give_up_after = absl::Minutes(15);

  // The wait after try number `attempt` (0 for the first), which failed with `response` at `now`:
  // at least what the receiver asked for, up to the bound.
  absl::Duration Delay(int attempt, const absl::StatusOr<http::Response>& response,
                       absl::Time now) const;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_MAIL_RETRY_POLICY_H_

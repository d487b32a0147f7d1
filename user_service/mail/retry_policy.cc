#include "user_service/mail/retry_policy.h"

#include <algorithm>

#include "common/base/random.h"

namespace vibestack::user_service {

TryOutcome JudgeTry(const absl::StatusOr<http::Response>& response) {
  if (!response.ok()) return TryOutcome::kFailed;
  const int status = response->status;
  if (status >= 200 && status < 300) return TryOutcome::kDelivered;
  const bool may_pass =
      status >= 500 || status == 404 || status == 408 || status == 425 || status == 429;
  return may_pass ? TryOutcome::kFailed : TryOutcome::kRefused;
}

absl::Duration RetryPolicy::Delay(int attempt, const absl::StatusOr<http::Response>& response,
                                  absl::Time now) const {
  const absl::Duration backoff = BackoffWithJitter(attempt, first_delay, max_delay);
  if (!response.ok()) return backoff;
  const absl::Duration asked = http::RetryAfter(*response, now).value_or(absl::ZeroDuration());
  return std::max(backoff, std::min(asked, max_retry_after));
}

}  // namespace vibestack::user_service

#include "common/http/retry_policy.h"

#include <algorithm>

#include "common/base/error.h"
#include "common/base/random.h"

namespace vibestack::http {
namespace {

absl::Duration AtLeast(absl::Duration backoff, std::optional<absl::Duration> retry_after,
                       absl::Duration max_retry_after) {
  return std::max(backoff, std::min(retry_after.value_or(absl::ZeroDuration()), max_retry_after));
}

}  // namespace

AttemptOutcome Classify(const absl::StatusOr<Response>& response) {
  if (!response.ok()) {
    return ErrorReason(response.status()) == "SHUTTING_DOWN" ? AttemptOutcome::kStopped
                                                             : AttemptOutcome::kRetryable;
  }
  const int status = response->status;
  if (status >= 200 && status < 300) return AttemptOutcome::kAccepted;
  if (status == 404 || status == 408 || status == 425 || status == 429) {
    return AttemptOutcome::kRetryable;
  }
  return status >= 400 && status < 500 ? AttemptOutcome::kRefused : AttemptOutcome::kRetryable;
}

absl::Duration RetryPolicy::Delay(int attempts, std::optional<absl::Duration> retry_after) const {
  return AtLeast(BackoffWithJitter(attempts - 1, first_delay, max_delay), retry_after,
                 max_retry_after);
}

absl::Duration RetryPolicy::DelayAtAge(absl::Duration age,
                                       std::optional<absl::Duration> retry_after) const {
  const absl::Duration longest = std::clamp(age, first_delay, max_delay);
  return AtLeast(BackoffWithJitter(0, longest, max_delay), retry_after, max_retry_after);
}

}  // namespace vibestack::http

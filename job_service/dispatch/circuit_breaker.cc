#include "job_service/dispatch/circuit_breaker.h"

#include <algorithm>

namespace vibestack::job_service {
void CircuitBreaker::RecordFailure(absl::Time now, std::optional<absl::Duration> retry_after) {
  // During a pause only requests that began before it can fail. They fail for the same reason, so
  // they do not count.
  if (now >= paused_until_) {
    ++failures_;
    if (open()) {
      const int doublings = std::min(failures_ - kFailuresToOpen, 10);
      paused_until_ = now + std::min(kFirstPause * (1 << doublings), kLongestPause);
    }
  }
  if (retry_after.has_value()) {
    paused_until_ = std::max(paused_until_, now + std::min(*retry_after, kLongestRetryAfter));
  }
}

void CircuitBreaker::Reset() {
  failures_ = 0;
  paused_until_ = absl::InfinitePast();
}

int CircuitBreaker::FreeSlots(absl::Time now, int under_way, int max) const {
  if (now < paused_until_) return 0;
  return std::max(0, (open() ? 1 : max) - under_way);
}

}  // namespace vibestack::job_service

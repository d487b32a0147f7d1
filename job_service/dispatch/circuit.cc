#include "job_service/dispatch/circuit.h"

#include <algorithm>

namespace vibestack::job_service {
namespace {

constexpr absl::Duration kLongestRetryAfter = absl::Hours(1);

}  // namespace

void Circuit::Failed(absl::Time now, std::optional<absl::Duration> retry_after) {
  ++failures_;
  if (open()) {
    const int doublings = std::min(failures_ - kFailuresToOpen, 10);
    const absl::Duration pause = std::min(kFirstPause * (1 << doublings), kLongestPause);
    paused_until_ = std::max(paused_until_, now + pause);
  }
  if (retry_after.has_value()) {
    paused_until_ = std::max(paused_until_, now + std::min(*retry_after, kLongestRetryAfter));
  }
}

int Circuit::Allowance(absl::Time now, int under_way, int max) const {
  if (now < paused_until_) return 0;
  return std::max(0, (open() ? 1 : max) - under_way);
}

}  // namespace vibestack::job_service

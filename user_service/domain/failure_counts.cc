#include "user_service/domain/failure_counts.h"

#include <algorithm>

namespace vibestack::user_service {

FailureCounts::Wait FailureCounts::WaitFor(const Key& key, absl::Time now) {
  const Count count = Look(key, now);
  const double excess = count.failed + 1 - limit_;
  return {FadeTime(excess + count.under_way), FadeTime(excess)};
}

absl::Duration FailureCounts::SinceFailure(const Key& key, absl::Time now) {
  const Count count = Look(key, now);
  const absl::Time last = count.under_way > 0 ? now : count.last_failure;
  return std::max(last + window_ - now, absl::ZeroDuration());
}

void FailureCounts::Begin(const Key& key, absl::Time now) {
  Count count = Look(key, now);
  ++count.under_way;
  Keep(key, count);
}

void FailureCounts::End(const Key& key, absl::Time now, bool failed) {
  Count count = Look(key, now);
  count.under_way = std::max(count.under_way - 1, 0);  // the key may have been dropped meanwhile
  if (failed) {
    count.failed = std::min(count.failed + 1, static_cast<double>(limit_));
    count.last_failure = now;
  }
  Keep(key, count);
}

void FailureCounts::Forgive(const Key& key) {
  Count* count = counts_.Find(key);
  if (count == nullptr) return;
  Count forgiven;
  forgiven.under_way = count->under_way;
  forgiven.faded_at = count->faded_at;
  Keep(key, forgiven);
}

FailureCounts::Count FailureCounts::Look(const Key& key, absl::Time now) {
  const Count* found = counts_.Find(key);
  Count count = found == nullptr ? Count() : *found;
  const absl::Duration passed = found == nullptr ? absl::ZeroDuration() : now - count.faded_at;
  const double faded = absl::FDivDuration(passed, window_) * limit_;
  count.failed = std::max(count.failed - std::max(faded, 0.0), 0.0);
  count.faded_at = now;
  if (now - count.last_failure >= window_) count.last_failure = absl::InfinitePast();
  return count;
}

void FailureCounts::Keep(const Key& key, const Count& count) {
  const bool is_empty = count.under_way == 0 && count.failed <= 0;
  if (is_empty && count.last_failure == absl::InfinitePast()) {
    counts_.Erase(key);
  } else {
    counts_.Put(key, count);
  }
}

absl::Duration FailureCounts::FadeTime(double excess) const {
  return excess <= 0 ? absl::ZeroDuration() : window_ * (excess / limit_);
}

}  // namespace vibestack::user_service

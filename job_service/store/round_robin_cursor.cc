#include "job_service/store/round_robin_cursor.h"

namespace vibestack::job_service {
namespace {

// The bound of the map, because workers choose the workflow ids. When the map is full, every
// workflow starts again.
constexpr size_t kMaxWorkflows = 10'000;

}  // namespace

bool RoundRobinCursor::NextGoesByAge(int limit) {
  if (limit > 1) return false;
  absl::MutexLock lock(&mutex_);
  by_age_ = !by_age_;
  return by_age_;
}

std::vector<RoundRobinPosition> RoundRobinCursor::Get(
    const std::vector<std::string>& workflow_ids) const {
  std::vector<RoundRobinPosition> positions;
  positions.reserve(workflow_ids.size());
  absl::MutexLock lock(&mutex_);
  for (const std::string& workflow_id : workflow_ids) {
    const auto it = after_.find(workflow_id);
    positions.push_back({workflow_id, it == after_.end() ? "" : it->second});
  }
  return positions;
}

void RoundRobinCursor::Put(const std::vector<RoundRobinPosition>& positions) {
  absl::MutexLock lock(&mutex_);
  if (after_.size() > kMaxWorkflows) after_.clear();
  for (const RoundRobinPosition& position : positions) {
    if (position.after_user_id.empty()) {
      after_.erase(position.workflow_id);
    } else {
      after_[position.workflow_id] = position.after_user_id;
    }
  }
}

}  // namespace vibestack::job_service

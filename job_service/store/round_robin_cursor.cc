#include "job_service/store/round_robin_cursor.h"

namespace vibestack::job_service {
namespace {

// Workers choose the names, so there is a bound; past it every turn begins anew.
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
  std::vector<RoundRobinPosition> turns;
  turns.reserve(workflow_ids.size());
  absl::MutexLock lock(&mutex_);
  for (const std::string& workflow_id : workflow_ids) {
    const auto it = after_.find(workflow_id);
    turns.push_back({workflow_id, it == after_.end() ? "" : it->second});
  }
  return turns;
}

void RoundRobinCursor::Put(const std::vector<RoundRobinPosition>& turns) {
  absl::MutexLock lock(&mutex_);
  if (after_.size() > kMaxWorkflows) after_.clear();
  for (const RoundRobinPosition& turn : turns) {
    if (turn.after_user_id.empty()) {
      after_.erase(turn.workflow_id);
    } else {
      after_[turn.workflow_id] = turn.after_user_id;
    }
  }
}

}  // namespace vibestack::job_service

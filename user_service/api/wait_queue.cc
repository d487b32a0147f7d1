#include "user_service/api/wait_queue.h"

#include <algorithm>
#include <utility>

#include "common/rpc/alarm.h"

namespace vibestack::user_service {

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

}  // namespace vibestack::user_service

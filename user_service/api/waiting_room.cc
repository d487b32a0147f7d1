#include "user_service/api/waiting_room.h"

#include <algorithm>
#include <utility>

#include "common/rpc/alarm.h"

namespace vibestack::user_service {

Task<bool> WaitingRoom::Wait(std::string key, absl::Time until) {
  const Waiter waiter = std::make_shared<Wakeup<bool>>();
  if (!Enter(key, waiter)) co_return false;
  const rpc::Alarm alarm(until, [waiter] { waiter->Notify(false); });
  const bool called = co_await waiter->Wait();
  if (!called) Leave(key, waiter);
  co_return true;
}

bool WaitingRoom::Enter(const std::string& key, const Waiter& waiter) {
  absl::MutexLock lock(&mutex_);
  if (taken_ >= seats_) return false;
  ++taken_;
  waiting_[key].push_back(waiter);
  return true;
}

void WaitingRoom::Leave(const std::string& key, const Waiter& waiter) {
  absl::MutexLock lock(&mutex_);
  const auto found = waiting_.find(key);
  if (found == waiting_.end()) return;
  const auto place = std::find(found->second.begin(), found->second.end(), waiter);
  if (place == found->second.end()) return;  // called in the same moment
  found->second.erase(place);
  --taken_;
  if (found->second.empty()) waiting_.erase(found);
}

void WaitingRoom::CallAll(const std::string& key) {
  std::deque<Waiter> called;
  {
    absl::MutexLock lock(&mutex_);
    const auto found = waiting_.find(key);
    if (found == waiting_.end()) return;
    called = std::move(found->second);
    waiting_.erase(found);
    taken_ -= called.size();
  }
  for (const Waiter& waiter : called) waiter->Notify(true);
}

}  // namespace vibestack::user_service

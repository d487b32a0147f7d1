#include "job_service/events/hub.h"

#include <algorithm>

namespace vibestack::job_service {

Hub::Subscription Hub::WatchJob(std::string job_id, const std::shared_ptr<Waker>& waker) {
  return Subscribe(&Hub::jobs_, {std::move(job_id)}, 1, waker);
}

Hub::Subscription Hub::WatchWorkflows(const std::vector<std::string>& workflow_ids, int capacity,
                                      const std::shared_ptr<Waker>& waker) {
  return Subscribe(&Hub::workflows_, workflow_ids, capacity, waker);
}

Hub::Subscription Hub::Subscribe(Index Hub::*index, std::vector<std::string> keys, int capacity,
                                 const std::shared_ptr<Waker>& waker) {
  auto waiter = std::make_shared<const Waiter>(Waiter{waker, capacity});
  bool closed = false;
  {
    absl::MutexLock lock(&mutex_);
    closed = closed_;
    ++size_;
    for (const std::string& key : keys) (this->*index)[key].push_back(waiter);
  }
  if (closed) waker->Notify(Wake::kStopping);
  return Subscription(this, index, std::move(keys), std::move(waiter));
}

void Hub::Unsubscribe(Index Hub::*index, const std::vector<std::string>& keys,
                      const std::shared_ptr<const Waiter>& waiter) {
  absl::MutexLock lock(&mutex_);
  --size_;
  for (const std::string& key : keys) {
    const auto it = (this->*index).find(key);
    if (it == (this->*index).end()) continue;
    it->second.remove(waiter);
    if (it->second.empty()) (this->*index).erase(it);
  }
}

void Hub::Tell(const JobNews& news) {
  std::vector<std::shared_ptr<const Waiter>> woken;
  {
    absl::MutexLock lock(&mutex_);
    if (size_ == 0) return;
    for (const std::string& id : news.changed) {
      const auto it = jobs_.find(id);
      if (it != jobs_.end()) woken.insert(woken.end(), it->second.begin(), it->second.end());
    }
  }
  for (const auto& waiter : woken) waiter->waker->Notify(Wake::kNews);
  for (const auto& [workflow_id, jobs] : news.pending) WakeClaims(workflow_id, jobs);
}

void Hub::PassOn(const std::vector<std::string>& workflow_ids) {
  for (const std::string& workflow_id : workflow_ids) WakeClaims(workflow_id, 1);
}

std::shared_ptr<const Hub::Waiter> Hub::TakeFirst(const std::string& workflow_id) {
  absl::MutexLock lock(&mutex_);
  const auto it = workflows_.find(workflow_id);
  if (it == workflows_.end()) return nullptr;
  std::shared_ptr<const Waiter> waiter = std::move(it->second.front());
  it->second.pop_front();
  if (it->second.empty()) workflows_.erase(it);
  return waiter;
}

void Hub::WakeClaims(const std::string& workflow_id, int jobs) {
  while (jobs > 0) {
    const std::shared_ptr<const Waiter> waiter = TakeFirst(workflow_id);
    if (waiter == nullptr) return;
    // One who was woken by something else already does not count.
    if (waiter->waker->Notify(Wake::kNews)) jobs -= waiter->capacity;
  }
}

void Hub::WakeAll(Wake reason) {
  std::vector<std::shared_ptr<const Waiter>> woken;
  {
    absl::MutexLock lock(&mutex_);
    for (const Index* index : {&jobs_, &workflows_}) {
      for (const auto& [key, waiters] : *index) {
        woken.insert(woken.end(), waiters.begin(), waiters.end());
      }
    }
  }
  for (const auto& waiter : woken) waiter->waker->Notify(reason);
}

void Hub::Resync() { WakeAll(Wake::kNews); }

void Hub::Close() {
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
  }
  WakeAll(Wake::kStopping);
}

size_t Hub::size() const {
  absl::MutexLock lock(&mutex_);
  return size_;
}

}  // namespace vibestack::job_service

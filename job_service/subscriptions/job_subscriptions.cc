#include "job_service/subscriptions/job_subscriptions.h"

#include "absl/time/clock.h"
#include "common/rpc/alarm.h"

namespace vibestack::job_service {
namespace {

constexpr size_t kWokenAtOnce = 250;
constexpr absl::Duration kPauseBetweenGroups = absl::Milliseconds(25);

}  // namespace

JobSubscriptions::Subscription JobSubscriptions::SubscribeToJob(
    std::string job_id, const std::shared_ptr<Waker>& waker) {
  return SubscribeToJobAndUser(std::move(job_id), "", waker);
}

JobSubscriptions::Subscription JobSubscriptions::SubscribeToJobAndUser(
    std::string job_id, std::string user_id, const std::shared_ptr<Waker>& waker) {
  Keys keys;
  keys.emplace_back(&JobSubscriptions::jobs_, std::move(job_id));
  if (!user_id.empty()) keys.emplace_back(&JobSubscriptions::users_, std::move(user_id));
  return Subscribe(std::move(keys), 1, waker);
}

JobSubscriptions::Subscription JobSubscriptions::SubscribeToWorkflows(
    const std::vector<std::string>& workflow_ids, int capacity,
    const std::shared_ptr<Waker>& waker) {
  Keys keys;
  for (const std::string& workflow_id : workflow_ids) {
    keys.emplace_back(&JobSubscriptions::workflows_, workflow_id);
  }
  return Subscribe(std::move(keys), capacity, waker);
}

JobSubscriptions::Subscription JobSubscriptions::Subscribe(Keys keys, int capacity,
                                                           const std::shared_ptr<Waker>& waker) {
  auto waiter = std::make_shared<const Waiter>(Waiter{waker, capacity});
  bool closed = false;
  uint64_t number = 0;
  {
    absl::MutexLock lock(&mutex_);
    closed = closed_;
    ++size_;
    number = next_number_++;
    for (const auto& [index, key] : keys) (this->*index)[key].emplace(number, waiter);
  }
  if (closed) waker->Notify(Wake::kStopping);
  return Subscription(this, std::move(keys), number);
}

void JobSubscriptions::Unsubscribe(const Keys& keys, uint64_t number) {
  absl::MutexLock lock(&mutex_);
  --size_;
  for (const auto& [index, key] : keys) {
    const auto it = (this->*index).find(key);
    if (it == (this->*index).end()) continue;
    it->second.erase(number);
    if (it->second.empty()) (this->*index).erase(it);
  }
}

void JobSubscriptions::Collect(const Index& index, const std::vector<std::string>& keys,
                               std::vector<std::shared_ptr<const Waiter>>& waiters) const {
  for (const std::string& key : keys) {
    const auto it = index.find(key);
    if (it == index.end()) continue;
    for (const auto& [number, waiter] : it->second) waiters.push_back(waiter);
  }
}

void JobSubscriptions::Notify(const JobChanges& changes) {
  std::vector<std::shared_ptr<const Waiter>> woken;
  {
    absl::MutexLock lock(&mutex_);
    if (size_ == 0) return;
    Collect(jobs_, changes.changed, woken);
  }
  for (const auto& waiter : woken) waiter->waker->Notify(Wake::kChange);
  for (const auto& [workflow_id, jobs] : changes.pending) WakeClaims(workflow_id, jobs);
}

void JobSubscriptions::NotifyUsers(const std::vector<std::string>& user_ids) {
  std::vector<std::shared_ptr<const Waiter>> woken;
  {
    absl::MutexLock lock(&mutex_);
    Collect(users_, user_ids, woken);
  }
  for (const auto& waiter : woken) waiter->waker->Notify(Wake::kChange);
}

void JobSubscriptions::WakeNext(const std::vector<std::string>& workflow_ids) {
  for (const std::string& workflow_id : workflow_ids) WakeClaims(workflow_id, 1);
}

std::shared_ptr<const JobSubscriptions::Waiter> JobSubscriptions::TakeFirst(
    const std::string& workflow_id) {
  absl::MutexLock lock(&mutex_);
  const auto it = workflows_.find(workflow_id);
  if (it == workflows_.end()) return nullptr;
  std::shared_ptr<const Waiter> waiter = std::move(it->second.begin()->second);
  it->second.erase(it->second.begin());
  if (it->second.empty()) workflows_.erase(it);
  return waiter;
}

void JobSubscriptions::WakeClaims(const std::string& workflow_id, int jobs) {
  while (jobs > 0) {
    const std::shared_ptr<const Waiter> waiter = TakeFirst(workflow_id);
    if (waiter == nullptr) return;
    // A waiter that was woken before does not count.
    if (waiter->waker->Notify(Wake::kChange)) jobs -= waiter->capacity;
  }
}

std::vector<std::shared_ptr<const JobSubscriptions::Waiter>> JobSubscriptions::AllWaiters() const {
  std::vector<std::shared_ptr<const Waiter>> all;
  absl::MutexLock lock(&mutex_);
  for (const Index* index : {&jobs_, &workflows_}) {
    for (const auto& [key, waiters] : *index) {
      for (const auto& [number, waiter] : waiters) all.push_back(waiter);
    }
  }
  return all;
}

void JobSubscriptions::Resync() {
  std::vector<std::shared_ptr<const Waiter>> waiters = AllWaiters();
  {
    absl::MutexLock lock(&mutex_);
    if (closed_) return;
    ++resyncs_;
  }
  Start(WakeGradually(std::move(waiters)));
}

Task<void> JobSubscriptions::WakeGradually(std::vector<std::shared_ptr<const Waiter>> waiters) {
  for (size_t i = 0; i < waiters.size(); ++i) {
    if (i > 0 && i % kWokenAtOnce == 0) {
      if (IsClosed()) break;  // Close() wakes the others.
      co_await rpc::WaitUntil(absl::Now() + kPauseBetweenGroups);
    }
    waiters[i]->waker->Notify(Wake::kChange);
  }
  // Close() may return now, so nothing after this may use a member.
  absl::MutexLock lock(&mutex_);
  --resyncs_;
}

bool JobSubscriptions::IsClosed() const {
  absl::MutexLock lock(&mutex_);
  return closed_;
}

void JobSubscriptions::Close() {
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
  }
  for (const auto& waiter : AllWaiters()) waiter->waker->Notify(Wake::kStopping);
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(
      +[](int* resyncs) { return *resyncs == 0; }, &resyncs_));
}

size_t JobSubscriptions::size() const {
  absl::MutexLock lock(&mutex_);
  return size_;
}

}  // namespace vibestack::job_service

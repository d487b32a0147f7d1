#include "job_service/subscriptions/filter_subscriber.h"

#include "common/base/error.h"

namespace vibestack::job_service {

absl::StatusOr<FilterSubscriber::Changes> FilterSubscriber::Take(size_t limit) {
  Changes changes;
  absl::MutexLock lock(&mutex_);
  if (overflowed_) {
    return AbortedError("READER_TOO_SLOW",
                        "the client reads too slowly, so changes were lost; watch again");
  }
  changes.missed = std::exchange(missed_, false);
  while (!order_.empty() && changes.jobs.size() + changes.deleted_ids.size() < limit) {
    auto queued = queued_.extract(order_.front());
    order_.pop_front();
    if (queued.empty()) continue;
    if (queued.mapped() != nullptr) {
      changes.jobs.push_back(std::move(queued.mapped()));
    } else {
      changes.deleted_ids.push_back(std::move(queued.key()));
    }
  }
  changes.last = queued_.empty();
  return changes;
}

void FilterSubscriber::PutBack(Changes changes) {
  absl::MutexLock lock(&mutex_);
  missed_ = missed_ || changes.missed;
  if (overflowed_) return;
  for (JobPtr& job : changes.jobs) {
    const std::string id = job->id;
    if (queued_.try_emplace(id, std::move(job)).second) order_.push_back(id);
  }
  for (std::string& id : changes.deleted_ids) {
    if (queued_.try_emplace(id, nullptr).second) order_.push_back(std::move(id));
  }
}

void FilterSubscriber::WakeOnChange(std::shared_ptr<Waker> waker) {
  {
    absl::MutexLock lock(&mutex_);
    if (!HasSomething()) {
      waker_ = std::move(waker);
      return;
    }
  }
  waker->Notify(Wake::kChange);
}

void FilterSubscriber::RemoveSent(const std::vector<Job>& sent) {
  absl::MutexLock lock(&mutex_);
  for (const Job& job : sent) {
    const auto it = queued_.find(job.id);
    if (it == queued_.end() || it->second == nullptr) continue;
    if (it->second->updated_at <= job.updated_at) queued_.erase(it);
  }
}

std::shared_ptr<Waker> FilterSubscriber::Add(JobPtr job) {
  if (filter_.workflow_id.has_value() && *filter_.workflow_id != job->workflow_id) return nullptr;
  const std::string id = job->id;
  return Put(id, std::move(job));
}

std::shared_ptr<Waker> FilterSubscriber::AddDeleted(const std::string& id) {
  return Put(id, nullptr);
}

std::shared_ptr<Waker> FilterSubscriber::AddMissed() {
  absl::MutexLock lock(&mutex_);
  missed_ = true;
  return std::exchange(waker_, nullptr);
}

std::shared_ptr<Waker> FilterSubscriber::TakeWaker() {
  absl::MutexLock lock(&mutex_);
  return std::exchange(waker_, nullptr);
}

std::shared_ptr<Waker> FilterSubscriber::Put(const std::string& id, JobPtr job) {
  absl::MutexLock lock(&mutex_);
  if (overflowed_) return nullptr;
  const auto [it, added] = queued_.insert_or_assign(id, std::move(job));
  if (added) order_.push_back(id);
  if (queued_.size() > kMaxJobs) {
    overflowed_ = true;
    queued_.clear();
    order_.clear();
  }
  return std::exchange(waker_, nullptr);
}

}  // namespace vibestack::job_service

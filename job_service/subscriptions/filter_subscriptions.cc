#include "job_service/subscriptions/filter_subscriptions.h"

#include <algorithm>
#include <iterator>

#include "absl/time/clock.h"
#include "common/base/random.h"
#include "common/rpc/alarm.h"
#include "common/telemetry/log.h"

namespace vibestack::job_service {
namespace {

// Jobs read at once.
constexpr size_t kMaxRead = 1'000;
// Past so many ids that wait to be read it is cheaper to look for what changed.
constexpr size_t kMaxGathered = 50'000;
constexpr size_t kMaxTold = 200'000;
constexpr absl::Duration kLongestRead = absl::Seconds(10);
// A row's time is that of its write, which others see from the commit on only. News tells of
// commits that came later than this.
constexpr absl::Duration kOverlap = absl::Seconds(5);
constexpr absl::Duration kFirstRetry = absl::Milliseconds(100);

}  // namespace

FilterSubscriptions::FilterSubscriptions(absl::Duration poll_interval, Source source)
    : poll_interval_(poll_interval), source_(std::move(source)) {}

FilterSubscriptions::Subscription FilterSubscriptions::Watch(
    std::shared_ptr<FilterSubscriber> watcher) {
  bool start = false;
  {
    absl::MutexLock lock(&mutex_);
    const auto& user_id = watcher->filter().user_id;
    (user_id.has_value() ? by_user_[*user_id] : of_all_).insert(watcher);
    start = !running_ && !closed_;
    running_ = running_ || start;
  }
  if (start) Start(Run());
  return Subscription(*this, std::move(watcher));
}

void FilterSubscriptions::Unsubscribe(const std::shared_ptr<FilterSubscriber>& watcher) {
  {
    absl::MutexLock lock(&mutex_);
    const auto& user_id = watcher->filter().user_id;
    if (user_id.has_value()) {
      const auto it = by_user_.find(*user_id);
      it->second.erase(watcher);
      if (it->second.empty()) by_user_.erase(it);
    } else {
      of_all_.erase(watcher);
    }
    if (!by_user_.empty() || !of_all_.empty()) return;
  }
  WakeUp();  // To end.
}

void FilterSubscriptions::Notify(const JobChanges& changes) {
  {
    absl::MutexLock lock(&mutex_);
    if (!running_) return;
    ids_.insert(changes.changed.begin(), changes.changed.end());
    for (const auto& [user_id, ids] : changes.deleted) {
      for (const std::string& id : ids) deleted_[id] = user_id;
    }
    if (ids_.size() > kMaxGathered) {
      ids_.clear();
      deleted_.clear();
      resync_ = true;
    }
  }
  WakeUp();
}

void FilterSubscriptions::Resync() {
  {
    absl::MutexLock lock(&mutex_);
    if (!running_) return;
    resync_ = true;
  }
  WakeUp();
}

void FilterSubscriptions::WakeUp() {
  std::shared_ptr<Waker> waker;
  {
    absl::MutexLock lock(&mutex_);
    waker = std::move(waker_);
    waker_ = nullptr;
  }
  if (waker != nullptr) waker->Notify(Wake::kChange);
}

void FilterSubscriptions::Close() {
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
  }
  WakeUp();
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(
      +[](bool* running) { return !*running; }, &running_));
}

Task<void> FilterSubscriptions::Run() {
  told_until_ = absl::InfinitePast();
  told_.clear();
  int failures = 0;
  Work work;
  Pause pause;
  // With the run ended Close() may be done, so nothing below the loop touches a member.
  while (TakeWork(work, pause)) {
    if (work.empty()) {
      const rpc::Alarm alarm(pause.until, [waker = pause.waker] { waker->Notify(Wake::kTimer); });
      co_await pause.waker->Wait();
      continue;
    }
    const absl::Status done = co_await Do(std::move(work));
    failures = done.ok() ? 0 : failures + 1;
    if (!done.ok()) HoldBack(done, failures);
    work = Work();
  }
}

bool FilterSubscriptions::TakeWork(Work& work, Pause& pause) {
  absl::MutexLock lock(&mutex_);
  if (closed_ || (by_user_.empty() && of_all_.empty())) {
    running_ = false;
    ids_.clear();
    deleted_.clear();
    resync_ = false;
    next_look_ = hold_until_ = absl::InfinitePast();
    return false;
  }
  const absl::Time now = absl::Now();
  const bool held = now < hold_until_;
  if (!held) TakeGathered(now, work);
  waker_ = work.empty() ? std::make_shared<Waker>() : nullptr;
  pause = {waker_, held ? hold_until_ : next_look_};
  return true;
}

void FilterSubscriptions::TakeGathered(absl::Time now, Work& work) {
  work.look = resync_ || now >= next_look_;
  work.missed = std::exchange(resync_, false);
  if (work.look) next_look_ = now + poll_interval_;
  while (!ids_.empty() && work.ids.size() < kMaxRead) {
    auto id = ids_.extract(ids_.begin());
    const auto deleted = deleted_.find(id.value());
    if (deleted != deleted_.end()) {
      work.deleted.insert(*deleted);
      deleted_.erase(deleted);
    }
    work.ids.push_back(std::move(id.value()));
  }
}

void FilterSubscriptions::HoldBack(const absl::Status& failure, int failures) {
  if (failures == 1) {
    Log(LogLevel::kWarning, "change_reads_failing",
        {{"code", absl::StatusCodeToString(failure.code())}});
  }
  absl::MutexLock lock(&mutex_);
  // What could not be read is found by a look.
  resync_ = true;
  hold_until_ = absl::Now() + BackoffWithJitter(failures, kFirstRetry, poll_interval_);
}

Task<absl::Status> FilterSubscriptions::Do(Work work) {
  absl::Status done;
  if (!work.ids.empty()) {
    done = co_await ReadAndNotify(std::move(work.ids), std::move(work.deleted));
  }
  if (done.ok() && work.look) done = co_await LookForChanges(work.missed);
  co_return done;
}

Task<absl::Status> FilterSubscriptions::LookForChanges(bool missed) {
  // Whoever watches from the beginning has read the present state by itself.
  const bool first = told_until_ == absl::InfinitePast();
  const absl::Time since = first ? absl::InfiniteFuture() : told_until_ - kOverlap;
  const absl::StatusOr<RecentChanges> changes =
      co_await source_.find_changed(since, absl::Now() + kLongestRead);
  if (!changes.ok()) co_return changes.status();
  std::vector<std::string> untold;
  for (const RecentChanges::Version& job : changes->jobs) {
    const auto it = told_.find(job.id);
    if (it == told_.end() || it->second < job.updated_at) untold.push_back(job.id);
  }
  for (size_t begin = 0; begin < untold.size(); begin += kMaxRead) {
    const size_t end = std::min(untold.size(), begin + kMaxRead);
    std::vector<std::string> ids(untold.begin() + static_cast<ptrdiff_t>(begin),
                                 untold.begin() + static_cast<ptrdiff_t>(end));
    Owners none;
    const absl::Status told = co_await ReadAndNotify(std::move(ids), std::move(none));
    if (!told.ok()) co_return told;
  }
  told_until_ = changes->now;
  absl::erase_if(told_, [this](const auto& told) { return told.second < told_until_ - kOverlap; });
  if (missed || !changes->complete) NotifyMissed();
  co_return absl::OkStatus();
}

Task<absl::Status> FilterSubscriptions::ReadAndNotify(std::vector<std::string> ids,
                                                      Owners deleted) {
  const absl::StatusOr<std::vector<JobPtr>> jobs =
      co_await source_.read(ids, absl::Now() + kLongestRead);
  if (!jobs.ok()) co_return jobs.status();
  NotifyStates(ids, *jobs, deleted);
  co_return absl::OkStatus();
}

void FilterSubscriptions::NotifyStates(const std::vector<std::string>& ids,
                                       const std::vector<JobPtr>& jobs, const Owners& deleted) {
  std::vector<std::shared_ptr<Waker>> woken;
  if (told_.size() > kMaxTold) told_.clear();
  {
    absl::MutexLock lock(&mutex_);
    for (size_t i = 0; i < ids.size(); ++i) {
      if (jobs[i] != nullptr) {
        told_[ids[i]] = jobs[i]->updated_at;
        for (const auto& watcher : WatchersOf(jobs[i]->user_id)) {
          woken.push_back(watcher->Add(jobs[i]));
        }
        continue;
      }
      const auto owner = deleted.find(ids[i]);
      if (owner == deleted.end()) continue;
      for (const auto& watcher : WatchersOf(owner->second)) {
        woken.push_back(watcher->AddDeleted(ids[i]));
      }
    }
  }
  for (const auto& waker : woken) {
    if (waker != nullptr) waker->Notify(Wake::kChange);
  }
}

void FilterSubscriptions::NotifyMissed() {
  std::vector<std::shared_ptr<Waker>> woken;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& watcher : of_all_) woken.push_back(watcher->AddMissed());
    for (const auto& [user_id, watchers] : by_user_) {
      for (const auto& watcher : watchers) woken.push_back(watcher->AddMissed());
    }
  }
  for (const auto& waker : woken) {
    if (waker != nullptr) waker->Notify(Wake::kChange);
  }
}

std::vector<std::shared_ptr<FilterSubscriber>> FilterSubscriptions::WatchersOf(
    const std::string& user_id) const {
  std::vector<std::shared_ptr<FilterSubscriber>> watchers(of_all_.begin(), of_all_.end());
  const auto it = by_user_.find(user_id);
  if (it != by_user_.end()) watchers.insert(watchers.end(), it->second.begin(), it->second.end());
  return watchers;
}

}  // namespace vibestack::job_service

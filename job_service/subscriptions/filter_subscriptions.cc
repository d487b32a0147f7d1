#include "job_service/subscriptions/filter_subscriptions.h"

#include <algorithm>
#include <iterator>

#include "absl/time/clock.h"
#include "common/base/random.h"
#include "common/rpc/alarm.h"
#include "common/telemetry/log.h"

namespace vibestack::job_service {
namespace {

// The maximum number of jobs in one read.
constexpr size_t kMaxRead = 1'000;
// With more unread jobs than this, a poll is cheaper than reading them by id.
constexpr size_t kMaxUnread = 50'000;
constexpr size_t kMaxNotifiedVersions = 200'000;
constexpr absl::Duration kReadTimeout = absl::Seconds(10);
// A read that takes longer may never end.
constexpr absl::Duration kLongestSilence = absl::Seconds(3);
constexpr absl::Duration kFirstRetry = absl::Milliseconds(100);

}  // namespace

FilterSubscriptions::FilterSubscriptions(absl::Duration poll_interval, Source source)
    : poll_interval_(poll_interval), source_(std::move(source)) {}

FilterSubscriptions::Subscription FilterSubscriptions::Subscribe(
    std::shared_ptr<FilterSubscriber> subscriber) {
  bool start = false;
  {
    absl::MutexLock lock(&mutex_);
    const auto& user_id = subscriber->filter().user_id;
    (user_id.has_value() ? by_user_[*user_id] : of_all_users_).insert(subscriber);
    start = !running_ && !closed_;
    running_ = running_ || start;
  }
  if (start) Start(Run());
  return Subscription(*this, std::move(subscriber));
}

void FilterSubscriptions::Unsubscribe(const std::shared_ptr<FilterSubscriber>& subscriber) {
  {
    absl::MutexLock lock(&mutex_);
    const auto& user_id = subscriber->filter().user_id;
    if (user_id.has_value()) {
      const auto it = by_user_.find(*user_id);
      it->second.erase(subscriber);
      if (it->second.empty()) by_user_.erase(it);
    } else {
      of_all_users_.erase(subscriber);
    }
    if (!by_user_.empty() || !of_all_users_.empty()) return;
  }
  WakeTask();  // There is no subscriber left: the task ends.
}

void FilterSubscriptions::Notify(const JobChanges& changes) {
  {
    absl::MutexLock lock(&mutex_);
    if (!running_) return;
    ids_.insert(changes.changed.begin(), changes.changed.end());
    for (const auto& [user_id, ids] : changes.deleted) {
      for (const std::string& id : ids) deleted_[id] = user_id;
    }
    if (ids_.size() > kMaxUnread) {
      ids_.clear();
      deleted_.clear();
      resync_ = true;
    }
  }
  WakeTask();
}

void FilterSubscriptions::Resync() {
  {
    absl::MutexLock lock(&mutex_);
    if (!running_) return;
    resync_ = true;
  }
  WakeTask();
}

void FilterSubscriptions::SetListening(bool listening) {
  absl::MutexLock lock(&mutex_);
  listening_ = listening;
}

bool FilterSubscriptions::Hears(absl::Time now) const {
  absl::MutexLock lock(&mutex_);
  return listening_ && !failing_ && now < reading_since_ + kLongestSilence;
}

absl::Time FilterSubscriptions::heard_until() const {
  absl::MutexLock lock(&mutex_);
  return heard_until_;
}

void FilterSubscriptions::SetHeardUntil(absl::Time time) {
  const bool is_first = notified_until_ == absl::InfinitePast() && time != absl::InfinitePast();
  notified_until_ = time;
  std::vector<std::shared_ptr<Waker>> woken;
  {
    absl::MutexLock lock(&mutex_);
    heard_until_ = time;
    if (!is_first) return;
    for (const auto& subscriber : AllSubscribers()) woken.push_back(subscriber->TakeWaker());
  }
  for (const auto& waker : woken) {
    if (waker != nullptr) waker->Notify(Wake::kChange);
  }
}

void FilterSubscriptions::WakeTask() {
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
  WakeTask();
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(
      +[](bool* running) { return !*running; }, &running_));
}

Task<void> FilterSubscriptions::Run() {
  SetHeardUntil(absl::InfinitePast());
  notified_versions_.clear();
  int failures = 0;
  Reads reads;
  Pause pause;
  // Close() may return when TakeNext() returns false, so nothing after the loop may use a member.
  while (TakeNext(reads, pause)) {
    if (reads.empty()) {
      const rpc::Alarm alarm(pause.until, [waker = pause.waker] { waker->Notify(Wake::kTimer); });
      co_await pause.waker->Wait();
      continue;
    }
    const absl::Status done = co_await Read(std::move(reads));
    failures = done.ok() ? 0 : failures + 1;
    SetReadDone(done.ok());
    if (!done.ok()) BackOff(done, failures);
    reads = Reads();
  }
}

bool FilterSubscriptions::TakeNext(Reads& reads, Pause& pause) {
  absl::MutexLock lock(&mutex_);
  if (closed_ || (by_user_.empty() && of_all_users_.empty())) {
    running_ = false;
    ids_.clear();
    deleted_.clear();
    resync_ = false;
    next_poll_ = backoff_until_ = absl::InfinitePast();
    failing_ = false;
    return false;
  }
  const absl::Time now = absl::Now();
  const bool backing_off = now < backoff_until_;
  if (!backing_off) TakePending(now, reads);
  waker_ = reads.empty() ? std::make_shared<Waker>() : nullptr;
  if (!reads.empty()) reading_since_ = now;
  pause = {waker_, backing_off ? backoff_until_ : next_poll_};
  return true;
}

void FilterSubscriptions::TakePending(absl::Time now, Reads& reads) {
  reads.poll = resync_ || now >= next_poll_;
  reads.missed = std::exchange(resync_, false);
  if (reads.poll) next_poll_ = now + poll_interval_;
  while (!ids_.empty() && reads.ids.size() < kMaxRead) {
    auto id = ids_.extract(ids_.begin());
    const auto deleted = deleted_.find(id.value());
    if (deleted != deleted_.end()) {
      reads.deleted.insert(*deleted);
      deleted_.erase(deleted);
    }
    reads.ids.push_back(std::move(id.value()));
  }
}

void FilterSubscriptions::SetReadDone(bool ok) {
  absl::MutexLock lock(&mutex_);
  failing_ = !ok;
  reading_since_ = absl::InfiniteFuture();
}

void FilterSubscriptions::BackOff(const absl::Status& failure, int failures) {
  if (failures == 1) {
    Log(LogLevel::kWarning, "change_reads_failing",
        {{"code", absl::StatusCodeToString(failure.code())}});
  }
  absl::MutexLock lock(&mutex_);
  // The next poll finds the jobs of the failed reads.
  resync_ = true;
  backoff_until_ = absl::Now() + BackoffWithJitter(failures, kFirstRetry, poll_interval_);
}

Task<absl::Status> FilterSubscriptions::Read(Reads reads) {
  absl::Status done;
  if (!reads.ids.empty()) {
    done = co_await ReadAndNotify(std::move(reads.ids), std::move(reads.deleted));
  }
  if (done.ok() && reads.poll) done = co_await Poll(reads.missed);
  co_return done;
}

Task<absl::Status> FilterSubscriptions::Poll(bool missed) {
  // The first poll only reads the database's clock, because a new subscriber lists the present
  // state by itself.
  const bool first = notified_until_ == absl::InfinitePast();
  const absl::Time since = first ? absl::InfiniteFuture() : notified_until_ - kCommitTime;
  const absl::StatusOr<RecentChanges> changes =
      co_await source_.find_changed(since, absl::Now() + kReadTimeout);
  if (!changes.ok()) co_return changes.status();
  std::vector<std::string> unread;
  for (const RecentChanges::Version& job : changes->jobs) {
    const auto it = notified_versions_.find(job.id);
    if (it == notified_versions_.end() || it->second < job.updated_at) unread.push_back(job.id);
  }
  for (size_t begin = 0; begin < unread.size(); begin += kMaxRead) {
    const size_t end = std::min(unread.size(), begin + kMaxRead);
    std::vector<std::string> ids(unread.begin() + static_cast<ptrdiff_t>(begin),
                                 unread.begin() + static_cast<ptrdiff_t>(end));
    DeletedJobs deleted;
    const absl::Status read = co_await ReadAndNotify(std::move(ids), std::move(deleted));
    if (!read.ok()) co_return read;
  }
  SetHeardUntil(changes->now);
  absl::erase_if(notified_versions_, [this](const auto& version) {
    return version.second < notified_until_ - kCommitTime;
  });
  if (missed || !changes->complete) NotifyMissed();
  co_return absl::OkStatus();
}

Task<absl::Status> FilterSubscriptions::ReadAndNotify(std::vector<std::string> ids,
                                                      DeletedJobs deleted) {
  const absl::StatusOr<std::vector<JobPtr>> jobs =
      co_await source_.read(ids, absl::Now() + kReadTimeout);
  if (!jobs.ok()) co_return jobs.status();
  NotifyStates(ids, *jobs, deleted);
  co_return absl::OkStatus();
}

void FilterSubscriptions::NotifyStates(const std::vector<std::string>& ids,
                                       const std::vector<JobPtr>& jobs,
                                       const DeletedJobs& deleted) {
  std::vector<std::shared_ptr<Waker>> woken;
  if (notified_versions_.size() > kMaxNotifiedVersions) notified_versions_.clear();
  {
    absl::MutexLock lock(&mutex_);
    for (size_t i = 0; i < ids.size(); ++i) {
      if (jobs[i] != nullptr) {
        notified_versions_[ids[i]] = jobs[i]->updated_at;
        for (const auto& subscriber : SubscribersOf(jobs[i]->user_id)) {
          woken.push_back(subscriber->Add(jobs[i]));
        }
        continue;
      }
      const auto user = deleted.find(ids[i]);
      if (user == deleted.end()) continue;
      for (const auto& subscriber : SubscribersOf(user->second)) {
        woken.push_back(subscriber->AddDeleted(ids[i]));
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
    for (const auto& subscriber : AllSubscribers()) woken.push_back(subscriber->AddMissed());
  }
  for (const auto& waker : woken) {
    if (waker != nullptr) waker->Notify(Wake::kChange);
  }
}

std::vector<std::shared_ptr<FilterSubscriber>> FilterSubscriptions::AllSubscribers() const {
  std::vector<std::shared_ptr<FilterSubscriber>> all(of_all_users_.begin(), of_all_users_.end());
  for (const auto& [user_id, subscribers] : by_user_) {
    all.insert(all.end(), subscribers.begin(), subscribers.end());
  }
  return all;
}

std::vector<std::shared_ptr<FilterSubscriber>> FilterSubscriptions::SubscribersOf(
    const std::string& user_id) const {
  std::vector<std::shared_ptr<FilterSubscriber>> subscribers(of_all_users_.begin(),
                                                             of_all_users_.end());
  const auto it = by_user_.find(user_id);
  if (it != by_user_.end())
    subscribers.insert(subscribers.end(), it->second.begin(), it->second.end());
  return subscribers;
}

}  // namespace vibestack::job_service

#ifndef VIBESTACK_JOB_SERVICE_SUBSCRIPTIONS_FILTER_SUBSCRIPTIONS_H_
#define VIBESTACK_JOB_SERVICE_SUBSCRIPTIONS_FILTER_SUBSCRIPTIONS_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "job_service/domain/job.h"
#include "job_service/domain/job_changes.h"
#include "job_service/domain/job_query.h"
#include "job_service/subscriptions/filter_subscriber.h"

namespace vibestack::job_service {

// Tells those who watch many jobs of every change. News names jobs by their ids; the feed reads
// them, many at once and once for all watchers, and hands each state to whom it concerns. So that
// no change is missed where news is lost, it also looks for what changed lately: every
// `poll_interval`, and when the listener has connected again. It reads one thing after the other,
// so that the states of a job come in their order.
//
// Does nothing while nobody watches. Thread-safe.
class FilterSubscriptions {
 public:
  struct Source {
    // Reads jobs, without their results, in the order of `ids`; null where there is none.
    std::function<Task<absl::StatusOr<std::vector<JobPtr>>>(std::vector<std::string> ids,
                                                            absl::Time deadline)>
        read;
    // Which jobs changed at `since`, by the database's time, or later.
    std::function<Task<absl::StatusOr<RecentChanges>>(absl::Time since, absl::Time deadline)>
        find_changed;
  };
  class Subscription;

  FilterSubscriptions(absl::Duration poll_interval, Source source);
  FilterSubscriptions(const FilterSubscriptions&) = delete;
  FilterSubscriptions& operator=(const FilterSubscriptions&) = delete;
  ~FilterSubscriptions() { Close(); }

  // Tells `watcher` of each change from now on, until the subscription ends.
  Subscription Watch(std::shared_ptr<FilterSubscriber> watcher);

  // Jobs changed.
  void Notify(const JobChanges& changes);

  // News may have been missed: looks for what changed.
  void Resync();

  // Returns when nothing is being read any more. Whoever watched is told nothing from then on. May
  // be called twice.
  void Close();

 private:
  using Watchers = absl::flat_hash_set<std::shared_ptr<FilterSubscriber>>;
  // Users of deleted jobs by the jobs' ids.
  using Owners = absl::flat_hash_map<std::string, std::string>;

  // What there is to do at a time.
  struct Work {
    std::vector<std::string> ids;
    Owners deleted;
    bool look = false;    // For what changed lately.
    bool missed = false;  // Deletions may have been missed.

    bool empty() const { return ids.empty() && !look; }
  };

  // Until something is told, or a time.
  struct Pause {
    std::shared_ptr<Waker> waker;
    absl::Time until;
  };

  void Unsubscribe(const std::shared_ptr<FilterSubscriber>& watcher);
  // Runs while somebody watches.
  Task<void> Run();
  // Whether to go on: with what there is to do, or after a pause where that is nothing.
  bool TakeWork(Work& work, Pause& pause);
  void TakeGathered(absl::Time now, Work& work) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Work failed: the next begins a while later.
  void HoldBack(const absl::Status& failure, int failures);
  Task<absl::Status> Do(Work work);
  Task<absl::Status> LookForChanges(bool missed);
  // Reads jobs and tells of them.
  Task<absl::Status> ReadAndNotify(std::vector<std::string> ids, Owners deleted);
  void NotifyStates(const std::vector<std::string>& ids, const std::vector<JobPtr>& jobs,
                    const Owners& deleted);
  void NotifyMissed();
  // Everybody whom a job of this user concerns.
  std::vector<std::shared_ptr<FilterSubscriber>> WatchersOf(const std::string& user_id) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WakeUp();

  const absl::Duration poll_interval_;
  const Source source_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Watchers> by_user_ ABSL_GUARDED_BY(mutex_);
  Watchers of_all_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_set<std::string> ids_ ABSL_GUARDED_BY(mutex_);
  Owners deleted_ ABSL_GUARDED_BY(mutex_);
  bool resync_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time next_look_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Time hold_until_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  bool running_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<Waker> waker_ ABSL_GUARDED_BY(mutex_);
  // Of the one task that runs. By the database's time: everything before is told.
  absl::Time told_until_ = absl::InfinitePast();
  // The states told lately, by which a look finds those that were not.
  absl::flat_hash_map<std::string, absl::Time> told_;
};

// Ends with its scope. Must not outlive the feed.
class [[nodiscard]] FilterSubscriptions::Subscription {
 public:
  Subscription(FilterSubscriptions& filter_subscriptions, std::shared_ptr<FilterSubscriber> watcher)
      : filter_subscriptions_(filter_subscriptions), watcher_(std::move(watcher)) {}
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;
  ~Subscription() { filter_subscriptions_.Unsubscribe(watcher_); }

 private:
  FilterSubscriptions& filter_subscriptions_;
  const std::shared_ptr<FilterSubscriber> watcher_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_SUBSCRIPTIONS_FILTER_SUBSCRIPTIONS_H_

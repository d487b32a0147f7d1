#ifndef VIBESTACK_JOB_SERVICE_SUBSCRIPTIONS_FILTER_SUBSCRIPTIONS_H_
#define VIBESTACK_JOB_SERVICE_SUBSCRIPTIONS_FILTER_SUBSCRIPTIONS_H_

#include <functional>
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

// Subscriptions to all jobs that match a filter. Each change of a matching job is queued for the
// subscriber, with the state of the job.
//
// A change event has the ids of jobs, not their states. One task reads these jobs, many in one
// statement and once for all subscribers, and queues each state for the subscribers whose filter
// matches. Because a NOTIFY can be lost, the task also polls for recent changes, every
// `poll_interval` and after each Resync(). It runs one read at a time, so the states of a job
// arrive in order.
//
// The task runs only while there is a subscriber. Thread-safe.
class FilterSubscriptions {
 public:
  struct Source {
    // Reads jobs without their results, in the order of `ids`. A missing job is null.
    std::function<Task<absl::StatusOr<std::vector<JobPtr>>>(std::vector<std::string> ids,
                                                            absl::Time deadline)>
        read;
    // As ChangeStore::FindChanged.
    std::function<Task<absl::StatusOr<RecentChanges>>(absl::Time since, absl::Time deadline)>
        find_changed;
  };
  class Subscription;

  FilterSubscriptions(absl::Duration poll_interval, Source source);
  FilterSubscriptions(const FilterSubscriptions&) = delete;
  FilterSubscriptions& operator=(const FilterSubscriptions&) = delete;
  ~FilterSubscriptions() { Close(); }

  // Queues every change from now on for `subscriber`, until the subscription is destroyed.
  Subscription Subscribe(std::shared_ptr<FilterSubscriber> subscriber);

  // Handles a change event. Does not block.
  void Notify(const JobChanges& changes);

  // Change events may have been lost: polls for recent changes now.
  void Resync();

  // Whether change events arrive. False until the listener says so.
  void SetListening(bool listening);

  // Whether a change would be heard of now: change events arrive, and the task can read.
  bool Hears(absl::Time now) const;

  // Every change before this time, by the clock of the database, is queued. It lacks changes that
  // took longer to commit than kCommitTime. InfinitePast() until the first poll, which wakes the
  // subscribers.
  absl::Time heard_until() const;

  // `updated_at` is the time of a write, but the write is visible only after its commit. So whoever
  // looks for the changes since a time begins this much earlier. If a commit takes longer, only its
  // change event announces it.
  static constexpr absl::Duration kCommitTime = absl::Seconds(5);

  // Stops the task and waits until its running read has ended. Afterwards nothing is queued for a
  // subscriber. May be called twice.
  void Close();

 private:
  using Subscribers = absl::flat_hash_set<std::shared_ptr<FilterSubscriber>>;
  // The users of deleted jobs, by the ids of the jobs.
  using DeletedJobs = absl::flat_hash_map<std::string, std::string>;

  // What the task reads next.
  struct Reads {
    std::vector<std::string> ids;
    DeletedJobs deleted;
    bool poll = false;    // Whether to poll for recent changes.
    bool missed = false;  // Whether deletions may have been lost.

    bool empty() const { return ids.empty() && !poll; }
  };

  // A wait that ends when `waker` is woken, or at `until`.
  struct Pause {
    std::shared_ptr<Waker> waker;
    absl::Time until;
  };

  void Unsubscribe(const std::shared_ptr<FilterSubscriber>& subscriber);
  // The task. Runs while there is a subscriber.
  Task<void> Run();
  // Takes what to read next; if there is nothing, leaves `reads` empty and sets `pause`. False: the
  // task must end.
  bool TakeNext(Reads& reads, Pause& pause);
  void TakePending(absl::Time now, Reads& reads) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SetReadDone(bool ok);
  // Records failed reads: the next ones start after a backoff, with a poll.
  void BackOff(const absl::Status& failure, int failures);
  Task<absl::Status> Read(Reads reads);
  Task<absl::Status> Poll(bool missed);
  void SetHeardUntil(absl::Time time);
  // Reads jobs and queues them for the subscribers.
  Task<absl::Status> ReadAndNotify(std::vector<std::string> ids, DeletedJobs deleted);
  void NotifyStates(const std::vector<std::string>& ids, const std::vector<JobPtr>& jobs,
                    const DeletedJobs& deleted);
  void NotifyMissed();
  std::vector<std::shared_ptr<FilterSubscriber>> AllSubscribers() const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The subscribers to the jobs of this user, and to those of all users.
  std::vector<std::shared_ptr<FilterSubscriber>> SubscribersOf(const std::string& user_id) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WakeTask();

  const absl::Duration poll_interval_;
  const Source source_;
  mutable absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Subscribers> by_user_ ABSL_GUARDED_BY(mutex_);
  Subscribers of_all_users_ ABSL_GUARDED_BY(mutex_);
  // The jobs of change events that are not read yet.
  absl::flat_hash_set<std::string> ids_ ABSL_GUARDED_BY(mutex_);
  DeletedJobs deleted_ ABSL_GUARDED_BY(mutex_);
  bool resync_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time next_poll_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Time backoff_until_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  bool running_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<Waker> waker_ ABSL_GUARDED_BY(mutex_);
  bool listening_ ABSL_GUARDED_BY(mutex_) = false;
  // Whether the last read failed.
  bool failing_ ABSL_GUARDED_BY(mutex_) = false;
  // When the running read began; InfiniteFuture() if none runs.
  absl::Time reading_since_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  absl::Time heard_until_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();

  // Only the task uses the members below.

  // As heard_until_.
  absl::Time notified_until_ = absl::InfinitePast();
  // The `updated_at` of the states that were queued recently, by id. A poll reads only newer
  // states.
  absl::flat_hash_map<std::string, absl::Time> notified_versions_;
};

// A subscription, until destruction. Must not outlive the FilterSubscriptions.
class [[nodiscard]] FilterSubscriptions::Subscription {
 public:
  Subscription(FilterSubscriptions& filter_subscriptions,
               std::shared_ptr<FilterSubscriber> subscriber)
      : filter_subscriptions_(filter_subscriptions), subscriber_(std::move(subscriber)) {}
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;
  ~Subscription() { filter_subscriptions_.Unsubscribe(subscriber_); }

 private:
  FilterSubscriptions& filter_subscriptions_;
  const std::shared_ptr<FilterSubscriber> subscriber_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_SUBSCRIPTIONS_FILTER_SUBSCRIPTIONS_H_

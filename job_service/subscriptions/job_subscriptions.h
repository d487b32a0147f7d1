#ifndef VIBESTACK_JOB_SERVICE_SUBSCRIPTIONS_JOB_SUBSCRIPTIONS_H_
#define VIBESTACK_JOB_SERVICE_SUBSCRIPTIONS_JOB_SUBSCRIPTIONS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "common/async/completion.h"
#include "common/async/task.h"
#include "job_service/domain/job_changes.h"

namespace vibestack::job_service {

// Why a waiting call continues.
enum class Wake {
  kChange,    // Something may have changed: read again.
  kTimer,     // It is time to read again, or to end.
  kGone,      // The client has gone away.
  kStopping,  // The service stops: answer now.
};
using Waker = Wakeup<Wake>;

// Subscriptions of waiting calls: to one job, to the account of one user, or to the pending jobs of
// workflows. A waiting call holds no thread. It leaves a Waker here, and resumes on the thread that
// notifies the change event. An event may arrive twice or never, so a woken call reads the
// database, and a waiting call also polls.
//
// A call first subscribes, then reads, then waits, so it misses no change in between. A Waker is
// woken at most once: to wait again, subscribe again with a new one. Thread-safe; holds no lock
// while it wakes a call.
class JobSubscriptions {
 public:
  class Subscription;

  JobSubscriptions() = default;
  JobSubscriptions(const JobSubscriptions&) = delete;
  JobSubscriptions& operator=(const JobSubscriptions&) = delete;

  // Wakes `waker` when the job changes.
  Subscription SubscribeToJob(std::string job_id, const std::shared_ptr<Waker>& waker);

  // Wakes `waker` when the job or the account of the user changes. An empty id means none; Close()
  // wakes `waker` in any case.
  Subscription SubscribeToJobAndUser(std::string job_id, std::string user_id,
                                     const std::shared_ptr<Waker>& waker);

  // Wakes `waker` when one of the workflows may have pending jobs. `capacity` is the number of jobs
  // that the call can claim.
  Subscription SubscribeToWorkflows(const std::vector<std::string>& workflow_ids, int capacity,
                                    const std::shared_ptr<Waker>& waker);

  // Wakes the subscribers to each changed job. Wakes only as many subscribers to a workflow as it
  // takes to claim its new pending jobs, oldest subscription first.
  void Notify(const JobChanges& changes);

  // Wakes the subscribers to these users.
  void NotifyUsers(const std::vector<std::string>& user_ids);

  // Wakes one more subscriber to each workflow. A claim calls this if more jobs may be pending than
  // it claimed.
  void WakeNext(const std::vector<std::string>& workflow_ids);

  // Change events may have been lost: wakes every subscriber, at most 10,000 in a second. So their
  // reads do not overflow the queue of the reads.
  void Resync();

  // Wakes every subscriber with kStopping, and every later one at once. Ends a Resync(). May be
  // called twice, but not by a subscriber.
  void Close();

  // The number of subscriptions.
  size_t size() const;

 private:
  struct Waiter {
    std::shared_ptr<Waker> waker;
    int capacity = 1;
  };
  // By the number of the subscription, so oldest first.
  using Waiters = std::map<uint64_t, std::shared_ptr<const Waiter>>;
  using Index = absl::flat_hash_map<std::string, Waiters>;
  // The indexes and keys under which one waiter is stored.
  using Keys = std::vector<std::pair<Index JobSubscriptions::*, std::string>>;

  Subscription Subscribe(Keys keys, int capacity, const std::shared_ptr<Waker>& waker);
  void Unsubscribe(const Keys& keys, uint64_t number);
  // Appends the waiters under these keys to `waiters`.
  void Collect(const Index& index, const std::vector<std::string>& keys,
               std::vector<std::shared_ptr<const Waiter>>& waiters) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Removes and returns the oldest waiter of the workflow; null if there is none.
  std::shared_ptr<const Waiter> TakeFirst(const std::string& workflow_id);
  void WakeClaims(const std::string& workflow_id, int jobs);
  std::vector<std::shared_ptr<const Waiter>> AllWaiters() const;
  // Wakes the waiters in groups, with a pause between them.
  Task<void> WakeGradually(std::vector<std::shared_ptr<const Waiter>> waiters);
  bool IsClosed() const;

  mutable absl::Mutex mutex_;
  Index jobs_ ABSL_GUARDED_BY(mutex_);
  Index users_ ABSL_GUARDED_BY(mutex_);
  Index workflows_ ABSL_GUARDED_BY(mutex_);
  uint64_t next_number_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t size_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  int resyncs_ ABSL_GUARDED_BY(mutex_) = 0;  // The number of WakeGradually() that run.
};

// A subscription, until destruction. Must not outlive the JobSubscriptions.
class [[nodiscard]] JobSubscriptions::Subscription {
 public:
  Subscription(Subscription&& other) noexcept
      : job_subscriptions_(std::exchange(other.job_subscriptions_, nullptr)),
        keys_(std::move(other.keys_)),
        number_(other.number_) {}
  Subscription& operator=(Subscription&&) = delete;
  ~Subscription() {
    if (job_subscriptions_ != nullptr) job_subscriptions_->Unsubscribe(keys_, number_);
  }

 private:
  friend class JobSubscriptions;
  Subscription(JobSubscriptions* job_subscriptions, Keys keys, uint64_t number)
      : job_subscriptions_(job_subscriptions), keys_(std::move(keys)), number_(number) {}

  JobSubscriptions* job_subscriptions_;
  Keys keys_;
  uint64_t number_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_SUBSCRIPTIONS_JOB_SUBSCRIPTIONS_H_

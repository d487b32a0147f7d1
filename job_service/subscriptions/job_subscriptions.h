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
#include "job_service/domain/job_changes.h"

namespace vibestack::job_service {

// Why a waiting call goes on.
enum class Wake {
  kChange,    // Something happened: look again.
  kTimer,     // It is time to look, or to end.
  kGone,      // The client went away.
  kStopping,  // The service stops: answer now.
};
using Waker = Wakeup<Wake>;

// Where calls wait for news of jobs. A waiting call holds no thread: it has a Waker here, and goes
// on in the thread that brings the news. News is a hint that may come twice or never, so whoever
// waits looks for itself, and again after a while.
//
// A call subscribes first, then looks, then waits: what happens in between is not missed. Each
// subscription is woken once. Thread-safe; wakes nobody while it holds its lock.
class JobSubscriptions {
 public:
  class Subscription;

  JobSubscriptions() = default;
  JobSubscriptions(const JobSubscriptions&) = delete;
  JobSubscriptions& operator=(const JobSubscriptions&) = delete;

  // Wakes `waker` when the job changes.
  Subscription WatchJob(std::string job_id, const std::shared_ptr<Waker>& waker);

  // Wakes `waker` when the job or the account of the user changes; either may be empty, for none.
  // Who watches no job is woken at Close all the same.
  Subscription WatchJobAndUser(std::string job_id, std::string user_id,
                               const std::shared_ptr<Waker>& waker);

  // Wakes `waker` when there may be something to claim in one of the workflows; it will take up to
  // `capacity` jobs.
  Subscription WatchWorkflows(const std::vector<std::string>& workflow_ids, int capacity,
                              const std::shared_ptr<Waker>& waker);

  // Wakes all who watch a changed job, and of those who watch a workflow as many, in the order in
  // which they came, as it takes to claim its new jobs.
  void Notify(const JobChanges& changes);

  // Wakes all who watch the account of one of these users.
  void NotifyUsers(const std::vector<std::string>& user_ids);

  // There may be more to claim than the one who was woken takes: wakes the next one.
  void WakeNext(const std::vector<std::string>& workflow_ids);

  // Wakes everybody: news may have been missed.
  void Resync();

  // Wakes everybody with kStopping, at once whoever comes later. May be called twice.
  void Close();

  // How many subscriptions there are.
  size_t size() const;

 private:
  struct Waiter {
    std::shared_ptr<Waker> waker;
    int capacity = 1;
  };
  // By the order in which they came.
  using Waiters = std::map<uint64_t, std::shared_ptr<const Waiter>>;
  using Index = absl::flat_hash_map<std::string, Waiters>;
  // Places in which one waiter stands.
  using Places = std::vector<std::pair<Index JobSubscriptions::*, std::string>>;

  Subscription Subscribe(Places places, int capacity, const std::shared_ptr<Waker>& waker);
  void Unsubscribe(const Places& places, uint64_t number);
  // Adds those who wait for one of the keys.
  void Collect(const Index& index, const std::vector<std::string>& keys,
               std::vector<std::shared_ptr<const Waiter>>& waiters) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Takes out the first who waits for the workflow; null when nobody does.
  std::shared_ptr<const Waiter> TakeFirst(const std::string& workflow_id);
  void WakeClaims(const std::string& workflow_id, int jobs);
  void WakeAll(Wake reason);

  mutable absl::Mutex mutex_;
  Index jobs_ ABSL_GUARDED_BY(mutex_);
  Index users_ ABSL_GUARDED_BY(mutex_);
  Index workflows_ ABSL_GUARDED_BY(mutex_);
  uint64_t next_number_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t size_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

// Ends with its scope. Must not outlive the hub.
class [[nodiscard]] JobSubscriptions::Subscription {
 public:
  Subscription(Subscription&& other) noexcept
      : job_subscriptions_(std::exchange(other.job_subscriptions_, nullptr)),
        places_(std::move(other.places_)),
        number_(other.number_) {}
  Subscription& operator=(Subscription&&) = delete;
  ~Subscription() {
    if (job_subscriptions_ != nullptr) job_subscriptions_->Unsubscribe(places_, number_);
  }

 private:
  friend class JobSubscriptions;
  Subscription(JobSubscriptions* job_subscriptions, Places places, uint64_t number)
      : job_subscriptions_(job_subscriptions), places_(std::move(places)), number_(number) {}

  JobSubscriptions* job_subscriptions_;
  Places places_;
  uint64_t number_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_SUBSCRIPTIONS_JOB_SUBSCRIPTIONS_H_

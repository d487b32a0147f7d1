#ifndef VIBESTACK_JOB_SERVICE_EVENTS_HUB_H_
#define VIBESTACK_JOB_SERVICE_EVENTS_HUB_H_

#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "common/async/completion.h"
#include "job_service/domain/job_news.h"

namespace vibestack::job_service {

// Why a waiting call goes on.
enum class Wake {
  kNews,      // Something happened: look again.
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
class Hub {
 public:
  class Subscription;

  Hub() = default;
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  // Wakes `waker` when the job changes.
  Subscription WatchJob(std::string job_id, const std::shared_ptr<Waker>& waker);

  // Wakes `waker` when there may be something to claim in one of the workflows; it will take up to
  // `capacity` jobs.
  Subscription WatchWorkflows(const std::vector<std::string>& workflow_ids, int capacity,
                              const std::shared_ptr<Waker>& waker);

  // Wakes all who watch a changed job, and of those who watch a workflow as many, in the order in
  // which they came, as it takes to claim its new jobs.
  void Tell(const JobNews& news);

  // There may be more to claim than the one who was woken takes: wakes the next one.
  void PassOn(const std::vector<std::string>& workflow_ids);

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
  using Waiters = std::list<std::shared_ptr<const Waiter>>;
  using Index = absl::flat_hash_map<std::string, Waiters>;

  Subscription Subscribe(Index Hub::*index, std::vector<std::string> keys, int capacity,
                         const std::shared_ptr<Waker>& waker);
  void Unsubscribe(Index Hub::*index, const std::vector<std::string>& keys,
                   const std::shared_ptr<const Waiter>& waiter);
  // Takes out the first who waits for the workflow; null when nobody does.
  std::shared_ptr<const Waiter> TakeFirst(const std::string& workflow_id);
  void WakeClaims(const std::string& workflow_id, int jobs);
  void WakeAll(Wake reason);

  mutable absl::Mutex mutex_;
  Index jobs_ ABSL_GUARDED_BY(mutex_);
  Index workflows_ ABSL_GUARDED_BY(mutex_);
  size_t size_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

// Ends with its scope. Must not outlive the hub.
class [[nodiscard]] Hub::Subscription {
 public:
  Subscription(Subscription&& other) noexcept
      : hub_(std::exchange(other.hub_, nullptr)),
        index_(other.index_),
        keys_(std::move(other.keys_)),
        waiter_(std::move(other.waiter_)) {}
  Subscription& operator=(Subscription&&) = delete;
  ~Subscription() {
    if (hub_ != nullptr) hub_->Unsubscribe(index_, keys_, waiter_);
  }

 private:
  friend class Hub;
  Subscription(Hub* hub, Index Hub::*index, std::vector<std::string> keys,
               std::shared_ptr<const Waiter> waiter)
      : hub_(hub), index_(index), keys_(std::move(keys)), waiter_(std::move(waiter)) {}

  Hub* hub_;
  Index Hub::*index_;
  std::vector<std::string> keys_;
  std::shared_ptr<const Waiter> waiter_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_EVENTS_HUB_H_

#ifndef VIBESTACK_JOB_SERVICE_SUBSCRIPTIONS_FILTER_SUBSCRIBER_H_
#define VIBESTACK_JOB_SERVICE_SUBSCRIPTIONS_FILTER_SUBSCRIBER_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "job_service/domain/job.h"
#include "job_service/subscriptions/job_subscriptions.h"

namespace vibestack::job_service {

// Selects jobs. An absent field does not filter.
struct JobFilter {
  std::optional<std::string> user_id;
  std::optional<std::string> workflow_id;
};

// One WatchJobs stream: the queue between FilterSubscriptions, which adds changed jobs, and the
// call that sends them. The queue holds only the latest state of each job, and a bounded number of
// jobs. So a slow reader delays nobody. Thread-safe.
class FilterSubscriber {
 public:
  // The maximum number of queued jobs.
  static constexpr size_t kMaxJobs = 20'000;

  struct Changes {
    std::vector<JobPtr> jobs;
    std::vector<std::string> deleted_ids;
    // Whether changes before these may be missing, such as deletions.
    bool missed = false;
    // Whether the queue is empty now.
    bool last = false;

    bool empty() const { return jobs.empty() && deleted_ids.empty() && !missed; }
  };

  explicit FilterSubscriber(JobFilter filter) : filter_(std::move(filter)) {}

  const JobFilter& filter() const { return filter_; }

  // Takes up to `limit` changes, oldest first; empty if there are none. After more than kMaxJobs
  // jobs were queued, always returns ABORTED (READER_TOO_SLOW).
  absl::StatusOr<Changes> Take(size_t limit);

  // Queues again changes that could not be sent, except for jobs with a newer queued change.
  void PutBack(Changes changes);

  // Wakes `waker` once the queue is not empty; at once if it is not empty now. Replaces the waker
  // of the previous call.
  void WakeOnChange(std::shared_ptr<Waker> waker);

  // Removes from the queue the states that the caller has sent from a list, and older ones.
  void RemoveSent(const std::vector<Job>& sent);

 private:
  friend class FilterSubscriptions;

  // Each of these returns the waker that the caller must wake after it released its locks, or null.
  std::shared_ptr<Waker> Add(JobPtr job);
  std::shared_ptr<Waker> AddDeleted(const std::string& id);
  std::shared_ptr<Waker> AddMissed();
  // Takes the waker of WakeOnChange, to wake it without a change.
  std::shared_ptr<Waker> TakeWaker();

  // `job` is null for a deleted job.
  std::shared_ptr<Waker> Put(const std::string& id, JobPtr job);
  bool HasSomething() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !queued_.empty() || missed_ || overflowed_;
  }

  const JobFilter filter_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, JobPtr> queued_ ABSL_GUARDED_BY(mutex_);
  // The keys of `queued_`, oldest first, and keys that are no longer in `queued_`.
  std::deque<std::string> order_ ABSL_GUARDED_BY(mutex_);
  bool missed_ ABSL_GUARDED_BY(mutex_) = false;
  bool overflowed_ ABSL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<Waker> waker_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_SUBSCRIPTIONS_FILTER_SUBSCRIBER_H_

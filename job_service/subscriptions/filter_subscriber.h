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

// Selects jobs. An absent field selects all.
struct JobFilter {
  std::optional<std::string> user_id;
  std::optional<std::string> workflow_id;
};

// One subscriber to many jobs: the queue between FilterSubscriptions, which adds changed jobs, and
// the call that sends them. The queue holds only the latest state of each job, however often the
// job changed, and a bounded number of jobs. Thread-safe.
class FilterSubscriber {
 public:
  // The largest number of queued jobs.
  static constexpr size_t kMaxJobs = 20'000;

  struct Changes {
    std::vector<JobPtr> jobs;
    std::vector<std::string> deleted_ids;
    // Whether earlier changes may be missing.
    bool missed = false;

    bool empty() const { return jobs.empty() && deleted_ids.empty() && !missed; }
  };

  explicit FilterSubscriber(JobFilter filter) : filter_(std::move(filter)) {}

  const JobFilter& filter() const { return filter_; }

  // Takes up to `limit` changes, the oldest first. ABORTED (READER_TOO_SLOW) once more than
  // kMaxJobs jobs were queued, from then on always.
  absl::StatusOr<Changes> Take(size_t limit);

  // Queues changes again that could not be sent. Drops jobs that have changed since.
  void PutBack(Changes changes);

  // Wakes `waker` when the queue has something. Wakes it at once when the queue has something now.
  void WakeOnChange(std::shared_ptr<Waker> waker);

  // The caller has sent these states, from a list. Removes them, and older ones, from the queue.
  void RemoveSent(const std::vector<Job>& sent);

 private:
  friend class FilterSubscriptions;

  // Each of these returns the waker to wake, or null.
  std::shared_ptr<Waker> Add(JobPtr job);
  std::shared_ptr<Waker> AddDeleted(const std::string& id);
  std::shared_ptr<Waker> AddMissed();

  // `job` is null for a deleted job.
  std::shared_ptr<Waker> Put(const std::string& id, JobPtr job);
  bool HasSomething() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !queued_.empty() || missed_ || overflowed_;
  }

  const JobFilter filter_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, JobPtr> queued_ ABSL_GUARDED_BY(mutex_);
  // The keys of `queued_`, the oldest first. Some keys may have left `queued_`.
  std::deque<std::string> order_ ABSL_GUARDED_BY(mutex_);
  bool missed_ ABSL_GUARDED_BY(mutex_) = false;
  bool overflowed_ ABSL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<Waker> waker_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_SUBSCRIPTIONS_FILTER_SUBSCRIBER_H_

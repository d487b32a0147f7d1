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

// Which jobs somebody wants to hear of.
struct JobFilter {
  std::optional<std::string> user_id;
  std::optional<std::string> workflow_id;
};

// What a watcher of many jobs has not been told yet: of each job the latest state only, however
// often it changed, and of so many jobs at most. The feed fills it, the watcher's call empties it.
// Thread-safe.
class FilterSubscriber {
 public:
  // Jobs that may wait to be told.
  static constexpr size_t kMaxJobs = 20'000;

  struct Changes {
    std::vector<JobPtr> jobs;
    std::vector<std::string> deleted_ids;
    // Changes before these may have been missed.
    bool missed = false;

    bool empty() const { return jobs.empty() && deleted_ids.empty() && !missed; }
  };

  explicit FilterSubscriber(JobFilter filter) : filter_(std::move(filter)) {}

  const JobFilter& filter() const { return filter_; }

  // Takes up to `limit` changes, those that have waited longest. ABORTED (READER_TOO_SLOW), for
  // good, once more jobs changed than may wait.
  absl::StatusOr<Changes> Take(size_t limit);

  // What was taken could not be told: it waits again, but for jobs that have changed since.
  void PutBack(Changes changes);

  // Wakes `waker` when there is something to take, at once if there is.
  void WakeOnChange(std::shared_ptr<Waker> waker);

  // These states are told already, by a list: drops what is not newer.
  void Forget(const std::vector<Job>& told);

 private:
  friend class FilterSubscriptions;

  // Each returns who is to be woken, or null.
  std::shared_ptr<Waker> Add(JobPtr job);
  std::shared_ptr<Waker> AddDeleted(const std::string& id);
  std::shared_ptr<Waker> AddMissed();

  // `job` is null for a deleted one.
  std::shared_ptr<Waker> Put(const std::string& id, JobPtr job);
  bool HasSomething() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !waiting_.empty() || missed_ || overflowed_;
  }

  const JobFilter filter_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, JobPtr> waiting_ ABSL_GUARDED_BY(mutex_);
  // The keys of `waiting_` by the time they came; some may be gone from there.
  std::deque<std::string> order_ ABSL_GUARDED_BY(mutex_);
  bool missed_ ABSL_GUARDED_BY(mutex_) = false;
  bool overflowed_ ABSL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<Waker> waker_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_SUBSCRIPTIONS_FILTER_SUBSCRIBER_H_

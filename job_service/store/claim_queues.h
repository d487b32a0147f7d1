#ifndef VIBESTACK_JOB_SERVICE_STORE_CLAIM_QUEUES_H_
#define VIBESTACK_JOB_SERVICE_STORE_CLAIM_QUEUES_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/async/coalescer.h"
#include "common/async/task.h"
#include "job_service/domain/job.h"
#include "job_service/domain/job_query.h"

namespace vibestack::job_service {

// One claim of a batch. Its deadline may be earlier than that of the batch.
struct ClaimCall {
  ClaimRequest claim;
  absl::Time deadline;
};

// Coalesces claims, with one Coalescer for each set of workflows. So claims of the same workflows
// share statements, and claims of different workflows do not wait for each other. Thread-safe.
class ClaimQueues {
 public:
  using Jobs = std::vector<Job>;
  using Batches = Coalescer<ClaimCall, Jobs>;

  // `sink` gets batches whose claims all have the same workflows, in the same order.
  ClaimQueues(CoalescerOptions options, Batches::Sink sink);
  ClaimQueues(const ClaimQueues&) = delete;
  ClaimQueues& operator=(const ClaimQueues&) = delete;
  ~ClaimQueues() { Close(); }

  // As Coalescer::Submit.
  Task<absl::StatusOr<Jobs>> Submit(ClaimRequest claim, absl::Time deadline);

  // As Coalescer::Close, for every queue.
  void Close();

  // The number of waiting claims.
  size_t queued() const;

 private:
  std::shared_ptr<Batches> QueueOf(const std::vector<std::string>& workflow_ids);
  void DropIdle() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const CoalescerOptions options_;
  const Batches::Sink sink_;
  mutable absl::Mutex mutex_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  // By the sorted workflow ids. Idle queues are dropped when there are many.
  absl::flat_hash_map<std::vector<std::string>, std::shared_ptr<Batches>> queues_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_CLAIM_QUEUES_H_

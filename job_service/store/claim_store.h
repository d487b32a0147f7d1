#ifndef VIBESTACK_JOB_SERVICE_STORE_CLAIM_STORE_H_
#define VIBESTACK_JOB_SERVICE_STORE_CLAIM_STORE_H_

#include <atomic>
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
#include "common/telemetry/metrics.h"
#include "job_service/domain/job.h"
#include "job_service/store/fair_claims.h"
#include "job_service/store/lease_store.h"
#include "job_service/store/store_context.h"

namespace vibestack::job_service {

// Claims pending jobs for workers, fairly across users (see fair_claims.h).
//
// Concurrent claims of the same workflows become one statement. Separate statements would all
// choose the same oldest jobs, and all but one would have to choose again. Claims of other
// workflows do not wait for them. Thread-safe.
class ClaimStore {
 public:
  // Both must outlive this.
  ClaimStore(StoreContext& context, LeaseStore& leases);
  ClaimStore(const ClaimStore&) = delete;
  ClaimStore& operator=(const ClaimStore&) = delete;
  ~ClaimStore() { Close(); }

  // Claims up to `claim.limit` jobs and returns them with their inputs, oldest first; empty if no
  // job is ready. The inputs have at most kMaxResultBytes together, or there is one larger input.
  // Coalesced. Each job is then processing, with the lease token LeaseToken(job). Errors are those
  // of Coalescer and of Pool. A caller whose deadline passed before the batch ended gets
  // DEADLINE_EXCEEDED and no job.
  Task<absl::StatusOr<std::vector<Job>>> Claim(ClaimRequest claim, absl::Time deadline);

  // Releases jobs that were claimed for a call whose client has gone away. Logs a failure; then the
  // jobs are pending again when their leases expire.
  Task<void> ReleaseUndelivered(std::vector<Job> jobs);

  // Refuses the waiting calls and returns when no batch is in flight. May be called twice.
  void Close();

  // The number of waiting calls.
  size_t queued() const;

 private:
  // A waiting call with its own deadline, which may be earlier than the deadline of its batch.
  struct Call {
    ClaimRequest claim;
    absl::Time deadline;
  };
  using Jobs = std::vector<Job>;
  using Batches = Coalescer<Call, Jobs>;

  // The queue of the claims of these workflows, which are sorted.
  std::shared_ptr<Batches> QueueOf(const std::vector<std::string>& workflow_ids);
  void DropIdleQueues() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // All calls of a batch have the same workflows in the same order.
  Task<absl::StatusOr<Batches::Answers>> ClaimBatch(const std::vector<Call>& calls,
                                                    absl::Time deadline);
  // Claims the jobs of a whole batch: the oldest ones if `by_age`, else round robin over the users.
  // `claim` must outlive the task.
  Task<absl::StatusOr<Jobs>> ClaimTogether(const ClaimRequest& claim, bool by_age,
                                           absl::Time deadline);

  // Claims on one session. Each workflow with a bound on its processing jobs is claimed in a
  // transaction of its own.
  absl::StatusOr<Jobs> ClaimWithin(db::Session& session, const ClaimRequest& claim,
                                   const WorkflowSet& workflows, bool by_age);
  // Claims jobs of workflows that are claimed together; `max_processing` is the bound of a single
  // one, or 0. Leaves out the jobs that another program does not let us write.
  absl::StatusOr<Jobs> ClaimGroup(db::Session& session, const ClaimRequest& claim,
                                  int max_processing, bool by_age);
  // One try of ClaimGroup: see WriteAroundRefused.
  absl::StatusOr<Jobs> ClaimOnce(db::Session& session, ClaimRequest request, int max_processing,
                                 bool by_age, std::string* first);

  // Reads the claimed jobs of one call again, with their inputs (GetJobsUpTo; ReadJob unpacks the
  // envelope). Moves the jobs that do not fit to `undelivered`; if the database is away, all of
  // them.
  // Drops the jobs that somebody has ended or deleted meanwhile.
  Task<void> ReadInputs(absl::StatusOr<Jobs>& answer, Jobs& undelivered, absl::Time deadline);
  // The same with one statement for each job, after the common statement failed: another program's
  // payload may print longer than a text may be. A job that cannot be read keeps its lease, so that
  // the next claim does not get it again: its attempt ends when the lease expires.
  Task<void> ReadInputsOneByOne(Jobs& jobs, Jobs& undelivered);

  StoreContext& context_;
  LeaseStore& leases_;
  const CoalescerOptions batch_options_;
  RoundRobinCursor cursor_;
  std::atomic<size_t> next_group_ = 0;  // Where the next claim with a bounded workflow begins.
  mutable absl::Mutex mutex_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  // One queue for each set of workflows. Idle queues stay while there are few of them.
  absl::flat_hash_map<std::vector<std::string>, std::shared_ptr<Batches>> queues_
      ABSL_GUARDED_BY(mutex_);
  const MetricRegistration queue_metric_;  // Reads queues_.
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_CLAIM_STORE_H_

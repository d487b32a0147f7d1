#ifndef VIBESTACK_JOB_SERVICE_STORE_CLAIM_STORE_H_
#define VIBESTACK_JOB_SERVICE_STORE_CLAIM_STORE_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/db/session.h"
#include "common/telemetry/metrics.h"
#include "job_service/domain/job.h"
#include "job_service/domain/job_query.h"
#include "job_service/store/claim_queues.h"
#include "job_service/store/lease_store.h"
#include "job_service/store/round_robin_cursor.h"
#include "job_service/store/store_context.h"

namespace vibestack::job_service {

// Claims pending jobs for workers, fairly across users.
//
// Concurrent claims of the same workflows become one statement. Separate statements would all
// choose the same oldest jobs, and all but one would have to choose again. Thread-safe.
class ClaimStore {
 public:
  // Both must outlive this.
  ClaimStore(StoreContext& context, LeaseStore& leases);
  ClaimStore(const ClaimStore&) = delete;
  ClaimStore& operator=(const ClaimStore&) = delete;

  // Claims up to `claim.limit` jobs and returns them oldest first; empty if no job is pending.
  // Coalesced. Each job is then processing, with the lease token LeaseToken(job). Errors are those
  // of Coalescer and of Pool. A caller whose deadline passed before the batch ended gets
  // DEADLINE_EXCEEDED and no job.
  Task<absl::StatusOr<std::vector<Job>>> Claim(ClaimRequest claim, absl::Time deadline);

  // Releases jobs that were claimed for a call whose client has gone away. Logs a failure; then the
  // jobs are pending again when their leases expire.
  Task<void> ReleaseUndelivered(std::vector<Job> jobs);

  // Answers waiting claims with UNAVAILABLE, and returns when no batch is in flight. May be called
  // twice.
  void Close() { claims_.Close(); }

 private:
  using Jobs = std::vector<Job>;
  using Batches = ClaimQueues::Batches;

  Task<absl::StatusOr<Batches::Answers>> ClaimBatch(const std::vector<ClaimCall>& calls,
                                                    absl::Time deadline);
  // Claims the jobs of a whole batch: the oldest ones if `by_age`, else round robin over the users.
  // `claim` must outlive the task.
  Task<absl::StatusOr<Jobs>> ClaimTogether(const ClaimRequest& claim, bool by_age,
                                           absl::Time deadline);
  absl::StatusOr<Jobs> ClaimRoundRobin(db::Session& session, const ClaimRequest& claim);

  StoreContext& context_;
  LeaseStore& leases_;
  RoundRobinCursor cursor_;
  ClaimQueues claims_;
  const MetricRegistration queue_metric_;  // Reads claims_.
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_CLAIM_STORE_H_

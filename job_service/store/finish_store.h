#ifndef VIBESTACK_JOB_SERVICE_STORE_FINISH_STORE_H_
#define VIBESTACK_JOB_SERVICE_STORE_FINISH_STORE_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/coalescer.h"
#include "common/async/task.h"
#include "common/db/pool.h"
#include "common/telemetry/metrics.h"
#include "job_service/domain/job.h"
#include "job_service/store/store_context.h"

namespace vibestack::job_service {

// Stores what workers report about the jobs that they have leased: the end of a job, or its
// progress.
//
// The methods return the job without its result. Errors: ABORTED (LEASE_LOST), also for a cancelled
// job; NOT_FOUND; INVALID_ARGUMENT (INVALID_VALUE) if the database does not accept the result;
// DEADLINE_EXCEEDED (ROW_LOCKED) if another transaction keeps the job's row locked; those of
// Coalescer and of Pool. A call waits for the lock of its own job only. Thread-safe.
class FinishStore {
 public:
  // `context` must outlive this.
  explicit FinishStore(StoreContext& context);
  FinishStore(const FinishStore&) = delete;
  FinishStore& operator=(const FinishStore&) = delete;

  // Ends a job. Coalesced. Idempotent: OK if the job has ended with the same status and result. A
  // retryable failure makes the job pending while it has attempts left.
  Task<absl::StatusOr<Job>> Finish(JobFinish finish, absl::Time deadline);

  // Ends several jobs. Coalesced. Returns one result for each, in order. Waits for locked rows not
  // longer than LockedRowDeadline.
  Task<std::vector<absl::StatusOr<Job>>> FinishAll(std::vector<JobFinish> finishes,
                                                   absl::Time deadline);

  // Stores the progress of a processing job (`progress.status` is kProcessing) and extends its
  // lease. The returned job has the new lease token. Coalesced. UNAVAILABLE if the database's
  // answer is lost, and with it the new token.
  Task<absl::StatusOr<Job>> ReportProgress(JobFinish progress, absl::Time deadline);

  // Answers waiting calls with UNAVAILABLE, and returns when no batch is in flight. May be called
  // twice.
  void Close();

 private:
  using Batches = Coalescer<JobFinish, Job>;

  Task<absl::StatusOr<Batches::Answers>> FinishBatch(const std::vector<JobFinish>& finishes,
                                                     db::Repeat repeat, absl::Time deadline);

  // Submits again while another transaction has locked the job's row.
  Task<absl::StatusOr<Job>> SubmitUntilUnlocked(Batches& batches, JobFinish finish,
                                                absl::Time deadline);

  StoreContext& context_;
  Batches finishes_;
  Batches progress_;
  // These read the queues above.
  const MetricRegistration finish_queue_metric_;
  const MetricRegistration progress_queue_metric_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_FINISH_STORE_H_

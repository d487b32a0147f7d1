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

// Stores what workers report about the jobs that they hold: the end of a job, or its progress.
//
// The answer is the job without its result. Errors: ABORTED (LEASE_LOST), NOT_FOUND,
// INVALID_ARGUMENT (INVALID_VALUE) when the database does not accept the result, those of Coalescer
// and of Pool. Thread-safe.
class FinishStore {
 public:
  // `context` must outlive this.
  explicit FinishStore(StoreContext& context);
  FinishStore(const FinishStore&) = delete;
  FinishStore& operator=(const FinishStore&) = delete;

  // Ends a job. Coalesced. Idempotent: a job that ended with the same status and result is answered
  // as if it had ended now.
  Task<absl::StatusOr<Job>> Finish(JobFinish finish, absl::Time deadline);

  // Ends several jobs. Answers each of them, in order.
  Task<std::vector<absl::StatusOr<Job>>> FinishAll(std::vector<JobFinish> finishes,
                                                   absl::Time deadline);

  // Stores the progress of a processing job (`progress.status` is kProcessing) and extends its
  // lease; the answer has the new token. Coalesced. When the answer of the database is lost, so is
  // the token: UNAVAILABLE.
  Task<absl::StatusOr<Job>> ReportProgress(JobFinish progress, absl::Time deadline);

  // Refuses the waiting calls and returns when no batch is in flight. May be called twice.
  void Close();

 private:
  using Batches = Coalescer<JobFinish, Job>;

  Task<absl::StatusOr<Batches::Answers>> FinishBatch(const std::vector<JobFinish>& finishes,
                                                     db::Repeat repeat, absl::Time deadline);

  StoreContext& context_;
  Batches finishes_;
  Batches progress_;
  // These read the queues above.
  const MetricRegistration finish_queue_metric_;
  const MetricRegistration progress_queue_metric_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_FINISH_STORE_H_

#ifndef VIBESTACK_JOB_SERVICE_STORE_DISPATCH_STORE_H_
#define VIBESTACK_JOB_SERVICE_STORE_DISPATCH_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "job_service/domain/job.h"
#include "job_service/domain/workflow.h"
#include "job_service/store/store_context.h"

namespace vibestack::job_service {

// What a run of a pushed workflow reports in a callback.
struct RunReport {
  std::string job_id;
  // The attempt in the callback token.
  int attempt = 1;
  JobStatus status = JobStatus::kCompleted;  // Or kFailed; kProcessing for progress.
  // JSON text: the output, the error object or the progress. Absent: the progress stays as it is.
  std::optional<std::string> result;
  // As in JobFinish.
  bool is_retryable = false;
  std::optional<absl::Duration> retry_delay;
};

// A claimed job whose visibility timeout to restart.
struct DispatchRenewal {
  Lease claimed;
  // The time of the first request of the present attempt, to store in the row. Absent: the row has
  // it already, or no request has failed.
  std::optional<absl::Time> first_request;
};

// The jobs of pushed workflows.
//
// A pending job of a pushed workflow belongs to the replica that claimed it, until its workflow's
// visibility timeout has passed since `updated_at`. So after a crash another replica takes the job
// over; no column names the replica. The fencing token is `updated_at`: a write with an old one
// changes nothing.
//
// Errors of every method: those of Pool, and INVALID_ARGUMENT (INVALID_VALUE) if the database does
// not accept a result. Thread-safe.
class DispatchStore {
 public:
  // `context` must outlive this.
  explicit DispatchStore(StoreContext& context) : context_(context) {}

  // Claims up to `limit` ready jobs of the workflow that belong to no replica, and returns them
  // oldest first. With a `max_processing` other than 0, so few that no more jobs than that are
  // processing or under dispatch on all replicas.
  Task<absl::StatusOr<std::vector<Job>>> Claim(std::string workflow_id, int limit,
                                               int max_processing,
                                               absl::Duration visibility_timeout,
                                               absl::Time deadline);

  // Restarts the visibility timeout of claimed jobs. Returns the jobs that still belong to this
  // replica, with their new `updated_at`. The jobs must be distinct.
  Task<absl::StatusOr<std::vector<Job>>> Renew(std::vector<DispatchRenewal> renewals,
                                               absl::Time deadline);

  // Stores the outcome of a dispatch. Returns false, and stores nothing, if the job no longer
  // belongs to this replica.
  Task<absl::StatusOr<bool>> Settle(Lease claimed, JobStatus status,
                                    std::optional<std::string> result, absl::Time deadline);

  // Ends a job by the callback of its run, and returns it without its result. A retryable failure
  // makes it pending while it has attempts left. Idempotent: OK if the run reported the same
  // before. Errors: ABORTED (ATTEMPT_SUPERSEDED) if a later attempt has begun, FAILED_PRECONDITION
  // (JOB_TERMINAL) if the job has ended with another status or result, NOT_FOUND, ABORTED
  // (CONFLICT).
  Task<absl::StatusOr<Job>> FinishRun(RunReport report, absl::Time deadline);

  // Restarts the processing timeout of a job by the callback of its run, and stores the progress,
  // if set. Returns the job without its result. Errors: those of FinishRun.
  Task<absl::StatusOr<Job>> ReportRun(RunReport report, absl::Time deadline);

  // The sweeps. Each one writes up to `limit` jobs and returns how many it wrote.

  // Ends the attempt of jobs whose run was silent for longer than the processing timeout of its
  // workflow. A job becomes pending and waits for its backoff, or fails after its last attempt.
  Task<absl::StatusOr<int>> ExpireRuns(int limit, absl::Time deadline);

  // Fails ready jobs of one workflow whose first request of the present attempt failed longer ago
  // than the dispatch timeout, and that belong to no replica. Jobs without a failed request stay.
  Task<absl::StatusOr<int>> FailOverdue(std::string workflow_id, Push push, int limit,
                                        absl::Time deadline);

 private:
  void PublishChanged(std::vector<std::string> ids) const;

  StoreContext& context_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_DISPATCH_STORE_H_

#ifndef VIBESTACK_JOB_SERVICE_STORE_DISPATCH_STORE_H_
#define VIBESTACK_JOB_SERVICE_STORE_DISPATCH_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/db/params.h"
#include "common/db/statement.h"
#include "job_service/domain/job.h"
#include "job_service/domain/workflow.h"
#include "job_service/store/store_context.h"

namespace vibestack::job_service {

// The result of CreateWithInput. At most one of `dispatch_now` and `dispatched_elsewhere` is true.
// If neither is, `job` is the existing job, which needs no input any more.
struct CreationWithInput {
  Job job;
  // The job belongs to this replica now, and the caller must dispatch it.
  bool dispatch_now = false;
  // Another call with this id is dispatching the job, or will.
  bool dispatched_elsewhere = false;
  // This call created the job.
  bool created = false;
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

  // Claims up to `limit` pending jobs of the workflow that belong to no replica, and returns them
  // oldest first.
  Task<absl::StatusOr<std::vector<Job>>> Claim(std::string workflow_id, int limit,
                                               absl::Duration visibility_timeout,
                                               absl::Time deadline);

  // Restarts the visibility timeout of claimed jobs. Returns the jobs that still belong to this
  // replica, with their new `updated_at`. The jobs must be distinct.
  Task<absl::StatusOr<std::vector<Job>>> Renew(std::vector<Lease> claimed, absl::Time deadline);

  // Stores the outcome of a dispatch. Returns false, and stores nothing, if the job no longer
  // belongs to this replica.
  Task<absl::StatusOr<bool>> Settle(Lease claimed, JobStatus status,
                                    std::optional<std::string> result, absl::Time deadline);

  // Creates a job whose input only the caller has. Takes over an existing job that was created with
  // an input, if its workflow has not accepted it and no other call is dispatching it. Otherwise
  // returns the existing job with its result. Until the workflow accepts the job, it is pending and
  // its result is {"awaiting": …}. Errors: NOT_FOUND (USER_NOT_FOUND), ALREADY_EXISTS (ID_TAKEN),
  // ABORTED (CONFLICT).
  Task<absl::StatusOr<CreationWithInput>> CreateWithInput(NewJob job,
                                                          absl::Duration visibility_timeout,
                                                          absl::Time deadline);

  // Ends a failed dispatch with input: the next call with the job's id and input takes the job over
  // at once. Returns false if the job no longer belongs to this replica.
  Task<absl::StatusOr<bool>> AwaitInput(Lease claimed, absl::Time deadline);

  // Ends a job by the callback of its run, and returns it without its result. Idempotent: OK if the
  // job has ended with the same status and result. Errors: FAILED_PRECONDITION (JOB_TERMINAL) if it
  // has ended with another status or result, NOT_FOUND, ABORTED (CONFLICT).
  Task<absl::StatusOr<Job>> FinishRun(std::string job_id, JobStatus status, std::string result,
                                      absl::Time deadline);

  // Restarts the processing timeout of a job by the callback of its run, and stores `progress`, if
  // set. Returns the job without its result. Errors: FAILED_PRECONDITION (JOB_TERMINAL;
  // RUN_GIVEN_UP if the job was retried and waits for its next run), NOT_FOUND.
  Task<absl::StatusOr<Job>> ReportRun(std::string job_id, std::optional<std::string> progress,
                                      absl::Time deadline);

  // The sweeps. Each one fails up to `limit` jobs and returns how many it failed.

  // Jobs whose run was silent for longer than the processing timeout of its workflow.
  Task<absl::StatusOr<int>> ExpireRuns(int limit, absl::Time deadline);

  // Jobs that were created with an input, that their workflow did not accept, and that nobody wrote
  // for the dispatch timeout plus the visibility timeout.
  Task<absl::StatusOr<int>> FailAwaitingInput(int limit, absl::Time deadline);

  // Fails pending jobs of one workflow that are older than its dispatch timeout and belong to no
  // replica.
  Task<absl::StatusOr<int>> FailOverdue(std::string workflow_id, Push push, int limit,
                                        absl::Time deadline);

 private:
  // Runs a statement that fails jobs and returns their ids. Returns the number of jobs.
  Task<absl::StatusOr<int>> FailJobs(const db::Statement& statement, db::Params params,
                                     absl::Time deadline);
  void PublishChanged(std::vector<std::string> ids) const;

  StoreContext& context_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_DISPATCH_STORE_H_

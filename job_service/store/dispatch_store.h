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

// What came of a job that is created with an input.
struct CreationWithInput {
  Job job;
  // Whether the caller is to dispatch the job now.
  bool dispatch_now = false;
  // Whether another call dispatches the job at this moment.
  bool dispatched_elsewhere = false;
  // Whether this call created the row.
  bool created = false;
};

// The jobs of pushed workflows.
//
// A pending job of a pushed workflow belongs to the replica that wrote it last, until the
// visibility timeout of the workflow has passed since its `updated_at`. So after a crash another
// replica takes the job over, and nothing else has to be stored. A write with an old `updated_at`
// changes nothing.
//
// Errors are Pool's, and INVALID_ARGUMENT (INVALID_VALUE) when the database does not accept a
// result. Thread-safe.
class DispatchStore {
 public:
  // `context` must outlive this.
  explicit DispatchStore(StoreContext& context) : context_(context) {}

  // Takes at most `limit` pending jobs of the workflow that belong to nobody, oldest first.
  Task<absl::StatusOr<std::vector<Job>>> Claim(std::string workflow_id, int limit,
                                               absl::Duration visibility_timeout,
                                               absl::Time deadline);

  // Restarts the visibility timeout of those of these pending jobs that still belong to us, and
  // returns them with their new `updated_at`. The jobs must be distinct.
  Task<absl::StatusOr<std::vector<Job>>> Renew(std::vector<Lease> claimed, absl::Time deadline);

  // Stores the outcome of a dispatch. Returns whether the job still belonged to us.
  Task<absl::StatusOr<bool>> Settle(Lease claimed, JobStatus status,
                                    std::optional<std::string> result, absl::Time deadline);

  // Creates a job whose input only the caller has, or takes it over where it exists and its
  // workflow has not accepted it. Else returns the row with its result. Until the workflow accepts
  // the job it is pending with {"awaiting": …} as its result. NOT_FOUND (USER_NOT_FOUND),
  // ALREADY_EXISTS (ID_TAKEN), ABORTED (CONFLICT).
  Task<absl::StatusOr<CreationWithInput>> CreateWithInput(NewJob job,
                                                          absl::Duration visibility_timeout,
                                                          absl::Time deadline);

  // Gives the job up, so that the next call with its input takes it over at once. Returns whether
  // the job still belonged to us.
  Task<absl::StatusOr<bool>> AwaitInput(Lease claimed, absl::Time deadline);

  // Ends a job by the callback of its run and returns it without its result. Idempotent: OK when
  // the job has ended with the same status and result. FAILED_PRECONDITION (JOB_TERMINAL) when it
  // has ended otherwise, NOT_FOUND, ABORTED (CONFLICT).
  Task<absl::StatusOr<Job>> FinishRun(std::string job_id, JobStatus status, std::string result,
                                      absl::Time deadline);

  // Stores that the run of a job continues, and its progress where there is some. Returns the job
  // without its result. FAILED_PRECONDITION (JOB_TERMINAL, or RUN_GIVEN_UP when the job waits for
  // another run), NOT_FOUND.
  Task<absl::StatusOr<Job>> ReportRun(std::string job_id, std::optional<std::string> progress,
                                      absl::Time deadline);

  // The sweeps. Each fails at most `limit` jobs and returns how many.

  // Jobs whose run was silent for longer than the processing timeout of its workflow.
  Task<absl::StatusOr<int>> ExpireRuns(int limit, absl::Time deadline);

  // Jobs that were created with an input, that their workflow did not accept, and that nobody wrote
  // for the dispatch timeout plus the visibility timeout.
  Task<absl::StatusOr<int>> FailAwaitingInput(int limit, absl::Time deadline);

  // Pending jobs of one workflow that are past its dispatch timeout and belong to nobody.
  Task<absl::StatusOr<int>> FailOverdue(std::string workflow_id, Push push, int limit,
                                        absl::Time deadline);

 private:
  // Runs a statement that fails jobs and returns their ids. Returns how many.
  Task<absl::StatusOr<int>> FailJobs(const db::Statement& statement, db::Params params,
                                     absl::Time deadline);
  void PublishChanged(std::vector<std::string> ids) const;

  StoreContext& context_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_DISPATCH_STORE_H_

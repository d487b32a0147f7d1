#ifndef VIBESTACK_JOB_SERVICE_STORE_DISPATCH_STORE_H_
#define VIBESTACK_JOB_SERVICE_STORE_DISPATCH_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/db/pool.h"
#include "job_service/domain/change_publisher.h"
#include "job_service/domain/job.h"
#include "job_service/domain/workflow.h"
#include "job_service/store/job_metrics.h"

namespace vibestack::job_service {

// Jobs of pushed workflows in the database. While such a job is pending, its `updated_at` says to
// which replica it belongs: to the one that moved it there, for the visibility timeout. So a crash
// leaves nothing behind but the time until then. Errors are Pool's. Thread-safe; the pool, the
// publisher and the metrics must outlive it.
class DispatchStore {
 public:
  DispatchStore(db::Pool& pool, ChangePublisher& publisher, Metrics& metrics);
  DispatchStore(const DispatchStore&) = delete;
  DispatchStore& operator=(const DispatchStore&) = delete;

  // Pending jobs of the workflow that belong to us now, oldest first; none when there are none.
  Task<absl::StatusOr<std::vector<Job>>> Claim(std::string workflow_id, int limit,
                                               absl::Duration hold, absl::Time deadline);

  // Of these pending jobs, none twice, those that still belong to us, with their new `updated_at`.
  Task<absl::StatusOr<std::vector<Job>>> Renew(std::vector<Lease> held, absl::Time deadline);

  // Stores what came of a dispatch; whether the job still belonged to us. INVALID_ARGUMENT
  // (INVALID_VALUE) when the database does not take the result.
  Task<absl::StatusOr<bool>> Settle(Lease held, JobStatus status, std::optional<std::string> result,
                                    absl::Time deadline);

  // What came of a job that is to be made with an input.
  struct CreationWithInput {
    Job job;
    // Whether it is this call's to dispatch it now.
    bool ours = false;
    // Whether another call is doing so at this moment.
    bool under_way = false;
    // Whether this call made the row.
    bool made = false;
  };

  // Makes a job whose input is with the caller, or takes it over where it exists and was never
  // accepted; else answers it as it is, with its result. Until it is accepted it is pending with
  // {"awaiting": …} as its result. NOT_FOUND (USER_NOT_FOUND), ALREADY_EXISTS (ID_TAKEN).
  Task<absl::StatusOr<CreationWithInput>> CreateWithInput(NewJob job, absl::Duration hold,
                                                          absl::Time deadline);

  // Lets the next call that has the input take the job.
  Task<absl::StatusOr<bool>> AwaitInput(Lease held, absl::Time deadline);

  // Ends a job by its run's callback and answers it without its result. OK as well when it has
  // ended just so before. FAILED_PRECONDITION (JOB_TERMINAL) when it has ended otherwise,
  // NOT_FOUND; INVALID_ARGUMENT as Settle.
  Task<absl::StatusOr<Job>> FinishRun(std::string job_id, JobStatus status, std::string result,
                                      absl::Time deadline);

  // Stores that a run goes on, and a part of its result where there is one, and answers the job
  // without it. FAILED_PRECONDITION (JOB_TERMINAL), NOT_FOUND; INVALID_ARGUMENT as Settle.
  Task<absl::StatusOr<Job>> ReportRun(std::string job_id, std::optional<std::string> part,
                                      absl::Time deadline);

  // Fails at most `limit` jobs whose run is silent for longer than its workflow allows; how many.
  Task<absl::StatusOr<int>> ExpireRuns(WorkflowSetPtr workflows, int limit, absl::Time deadline);

  // Fails at most `limit` jobs that were made with an input, not accepted, and not touched for the
  // dispatch timeout of their workflow and its visibility timeout; how many.
  Task<absl::StatusOr<int>> FailAwaitingInput(WorkflowSetPtr workflows, int limit,
                                              absl::Time deadline);

  // Fails at most `limit` pending jobs past the workflow's dispatch timeout that belong to nobody.
  Task<absl::StatusOr<int>> FailOverdue(std::string workflow_id, Push push, int limit,
                                        absl::Time deadline);

 private:
  // Runs a statement that fails jobs and answers their ids; how many.
  Task<absl::StatusOr<int>> FailBy(const db::Statement& statement, db::Params params,
                                   absl::Time deadline);
  void PublishChanged(std::vector<std::string> ids) const;

  db::Pool& pool_;
  ChangePublisher& publisher_;
  JobMetrics counts_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_DISPATCH_STORE_H_

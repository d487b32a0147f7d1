#ifndef VIBESTACK_JOB_SERVICE_STORE_MANAGE_STORE_H_
#define VIBESTACK_JOB_SERVICE_STORE_MANAGE_STORE_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "job_service/domain/job.h"
#include "job_service/store/store_context.h"

namespace vibestack::job_service {

// Cancels, retries and deletes single jobs.
//
// `owner`, if set, must be the job's user. Errors: PERMISSION_DENIED (NOT_YOURS) with an `owner`,
// for a missing job as for another user's job, so that a caller cannot learn whether an id exists;
// NOT_FOUND without an `owner`; FAILED_PRECONDITION (JOB_STATUS_UNKNOWN) if another program gave
// the job a foreign status; ABORTED (CONFLICT) if other calls keep writing the job;
// DEADLINE_EXCEEDED (ROW_LOCKED) if another transaction keeps it locked; those of Pool.
// Thread-safe.
class ManageStore {
 public:
  // `context` must outlive this.
  explicit ManageStore(StoreContext& context) : context_(context) {}

  // Ends a pending or processing job as failed, with this error, and returns it. Idempotent: OK if
  // the job was cancelled before. FAILED_PRECONDITION (JOB_TERMINAL) if the job has ended in
  // another way.
  Task<absl::StatusOr<Job>> Cancel(std::string id, std::optional<std::string> owner,
                                   std::string error, absl::Time deadline);

  // Makes a failed job pending, without its error, and returns it. A job without attempts left gets
  // one more. If its workflow is pushed, any replica may dispatch it at once. A pending job stays
  // as it is. FAILED_PRECONDITION (JOB_NOT_FAILED) for a processing or completed job.
  Task<absl::StatusOr<Job>> Retry(std::string id, std::optional<std::string> owner,
                                  absl::Time deadline);

  // Deletes a terminal job. Not idempotent: a second call does not find the job.
  // FAILED_PRECONDITION (JOB_NOT_TERMINAL) for other jobs, and (STILL_REFERENCED) if another table
  // refers to the job.
  Task<absl::Status> Delete(std::string id, std::optional<std::string> owner, absl::Time deadline);

 private:
  StoreContext& context_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_MANAGE_STORE_H_

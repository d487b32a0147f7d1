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

// Cancels, retries and deletes single jobs for applications.
//
// `owner`, where given, must be the job's user. Errors: with an owner PERMISSION_DENIED (NOT_YOURS)
// for a missing job as well as for another user's job, so that nobody learns whether an id exists;
// without an owner NOT_FOUND. ABORTED (CONFLICT) when concurrent writes do not end; those of Pool.
// Thread-safe.
class ManageStore {
 public:
  // `context` must outlive this.
  explicit ManageStore(StoreContext& context) : context_(context) {}

  // Ends a pending or processing job as failed, with this result. Idempotent. FAILED_PRECONDITION
  // (JOB_TERMINAL) when the job has ended otherwise.
  Task<absl::StatusOr<Job>> Cancel(std::string id, std::optional<std::string> owner,
                                   std::string result, absl::Time deadline);

  // Makes a failed job pending. Any replica may dispatch it at once when its workflow is pushed. A
  // pending job is answered as it is. FAILED_PRECONDITION (JOB_NOT_FAILED) for other jobs.
  Task<absl::StatusOr<Job>> Retry(std::string id, std::optional<std::string> owner,
                                  absl::Time deadline);

  // Deletes a terminal job. FAILED_PRECONDITION (JOB_NOT_TERMINAL) for other jobs.
  Task<absl::Status> Delete(std::string id, std::optional<std::string> owner, absl::Time deadline);

 private:
  StoreContext& context_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_MANAGE_STORE_H_

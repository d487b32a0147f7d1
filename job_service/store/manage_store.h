#ifndef VIBESTACK_JOB_SERVICE_STORE_MANAGE_STORE_H_
#define VIBESTACK_JOB_SERVICE_STORE_MANAGE_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/coalescer.h"
#include "common/async/task.h"
#include "common/telemetry/metrics.h"
#include "job_service/domain/job.h"
#include "job_service/store/store_context.h"

namespace vibestack::job_service {

enum class ManageAction { kCancel, kRetry, kDelete };

// What a caller asks of a job.
struct ManageRequest {
  std::string id;
  std::optional<std::string> owner;
  std::string error;  // The error object as JSON text; for kCancel only.
};

// Cancels, retries and deletes jobs.
//
// `owner`, if set, must be the job's user. Errors: PERMISSION_DENIED (NOT_YOURS) with an `owner`,
// for a missing job as for another user's job, so that a caller cannot learn whether an id exists;
// NOT_FOUND without an `owner`; ABORTED (CONFLICT) if other calls keep writing the job; those of
// Pool. Thread-safe.
class ManageStore {
 public:
  // `context` must outlive this.
  explicit ManageStore(StoreContext& context);
  ManageStore(const ManageStore&) = delete;
  ManageStore& operator=(const ManageStore&) = delete;

  // Ends a pending or processing job as failed, with this error object, and returns it. Idempotent:
  // OK if the job was cancelled before. FAILED_PRECONDITION (JOB_TERMINAL) if the job has ended in
  // another way.
  Task<absl::StatusOr<Job>> Cancel(std::string id, std::optional<std::string> owner,
                                   std::string error, absl::Time deadline);

  // Makes a failed job pending, without its error, and returns it. A job without attempts left gets
  // one more. If its workflow is pushed, any replica may dispatch it at once. A pending job stays
  // as it is. FAILED_PRECONDITION (JOB_NOT_FAILED) for a processing or completed job.
  Task<absl::StatusOr<Job>> Retry(std::string id, std::optional<std::string> owner,
                                  absl::Time deadline);

  // Deletes a terminal job. Not idempotent: a second call does not find the job.
  // FAILED_PRECONDITION (JOB_NOT_TERMINAL) for other jobs.
  Task<absl::Status> Delete(std::string id, std::optional<std::string> owner, absl::Time deadline);

  // The same for several jobs, each independent of the others. The answers are in the order of
  // `ids`. Their jobs have no payload. An id may occur several times; its items are written one
  // after the other. ABORTED (CONFLICT) if another transaction holds the job at the moment: these
  // methods do not wait for it. Coalesced, so an item may also have an error of Coalescer.
  using Answers = std::vector<absl::StatusOr<Job>>;
  Task<Answers> CancelAll(std::vector<std::string> ids, std::optional<std::string> owner,
                          std::string error, absl::Time deadline);
  Task<Answers> RetryAll(std::vector<std::string> ids, std::optional<std::string> owner,
                         absl::Time deadline);
  Task<Answers> DeleteAll(std::vector<std::string> ids, std::optional<std::string> owner,
                          absl::Time deadline);

  // Answers waiting calls with UNAVAILABLE, and returns when no batch is in flight. May be called
  // twice.
  void Close();

 private:
  using Batches = Coalescer<ManageRequest, Job>;

  Task<absl::StatusOr<Job>> Write(ManageAction action, ManageRequest request, absl::Time deadline);
  Task<absl::StatusOr<Answers>> WriteBatch(ManageAction action,
                                           const std::vector<ManageRequest>& requests,
                                           absl::Time deadline);
  // Counts the job if the action ended it, and adds it to the change event.
  void Note(ManageAction action, const Job& job, JobChanges& changes);

  StoreContext& context_;
  Batches cancels_;
  Batches retries_;
  Batches deletions_;
  // These read the queues above.
  const MetricRegistration cancel_queue_metric_;
  const MetricRegistration retry_queue_metric_;
  const MetricRegistration deletion_queue_metric_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_MANAGE_STORE_H_

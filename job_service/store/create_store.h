#ifndef VIBESTACK_JOB_SERVICE_STORE_CREATE_STORE_H_
#define VIBESTACK_JOB_SERVICE_STORE_CREATE_STORE_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/coalescer.h"
#include "common/async/task.h"
#include "common/telemetry/metrics.h"
#include "job_service/domain/job.h"
#include "job_service/store/store_context.h"

namespace vibestack::job_service {

// The outcome of a creation.
struct Creation {
  JobPtr job;
  // False: the job existed before, with the same content.
  bool is_new = false;
};

// Creates jobs.
//
// A creation is idempotent: if the id exists with the same content, the result is the existing job.
// The content is the user, the workflow and the input. Any input counts as the same if the row
// keeps no input, as the row of a completed job. Errors: ALREADY_EXISTS (ID_TAKEN) if the id exists
// with other content, NOT_FOUND (USER_NOT_FOUND) if the user does not exist, ABORTED (CONFLICT) if
// the existing job was deleted meanwhile, those of Coalescer and of Pool. Thread-safe.
class CreateStore {
 public:
  // `context` must outlive this.
  explicit CreateStore(StoreContext& context);
  CreateStore(const CreateStore&) = delete;
  CreateStore& operator=(const CreateStore&) = delete;

  // Creates one job. Coalesced.
  Task<absl::StatusOr<Creation>> Create(NewJob job, absl::Time deadline);

  // Creates all jobs or none, in one transaction. The ids must be distinct. Jobs that existed come
  // without their results. USER_NOT_FOUND names the user when all jobs have the same one.
  Task<absl::StatusOr<std::vector<Creation>>> CreateAll(std::vector<NewJob> jobs,
                                                        absl::Time deadline);

  // Answers waiting calls with UNAVAILABLE, and returns when no batch is in flight. May be called
  // twice.
  void Close() { creates_.Close(); }

 private:
  using Batches = Coalescer<NewJob, Creation>;

  Task<absl::StatusOr<Batches::Answers>> CreateBatch(const std::vector<NewJob>& jobs,
                                                     absl::Time deadline);

  StoreContext& context_;
  Batches creates_;
  const MetricRegistration queue_metric_;  // Reads creates_.
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_CREATE_STORE_H_

#ifndef VIBESTACK_JOB_SERVICE_STORE_SWEEP_H_
#define VIBESTACK_JOB_SERVICE_STORE_SWEEP_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "job_service/domain/job.h"
#include "job_service/store/refused_jobs.h"
#include "job_service/store/store_context.h"

namespace vibestack::job_service {

// What a sweep does to its jobs.
enum class SweepEffect {
  kEndsAttempts,  // The jobs leave the state processing, or fail.
  kMakesReady,    // The jobs become ready.
};

// Runs a statement that writes up to `limit` jobs, publishes their changes, and returns their
// number. Leaves out the jobs that another program does not let us write (refused_jobs.h). The
// statement returns the id, the workflow and the status of each job, and whether the job failed
// because of its oversized payload (envelope.sql). Errors are those of Pool. `context` must outlive
// the task.
Task<absl::StatusOr<int>> RunSweep(StoreContext& context, SetStatement statement, int limit,
                                   SweepEffect effect, absl::Time deadline);

// Removes from claimed jobs those that failed instead, because of their oversized payloads.
// Publishes and logs them; they are terminal, so this happens once. Returns how many there were.
int DropOversized(StoreContext& context, std::vector<Job>& jobs);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_SWEEP_H_

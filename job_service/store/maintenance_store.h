#ifndef VIBESTACK_JOB_SERVICE_STORE_MAINTENANCE_STORE_H_
#define VIBESTACK_JOB_SERVICE_STORE_MAINTENANCE_STORE_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "job_service/store/store_context.h"

namespace vibestack::job_service {

// The sweeps over expired leases and old jobs. Every replica may run them at any time. They use the
// database's clock. Errors are those of Pool. Thread-safe.
class MaintenanceStore {
 public:
  // `context` must outlive this.
  explicit MaintenanceStore(StoreContext& context) : context_(context) {}

  // Ends the attempt of up to `limit` jobs whose lease has expired. A job becomes pending and waits
  // for its backoff, or fails after its last attempt. Returns how many. Jobs of pushed workflows
  // have no lease and stay.
  Task<absl::StatusOr<int>> SweepLeases(int limit, absl::Time deadline);

  // Makes up to `limit` scheduled jobs ready whose time has come. Returns how many.
  Task<absl::StatusOr<int>> ReleaseScheduled(int limit, absl::Time deadline);

  // Deletes up to `limit` jobs that ended more than `retention` ago. Returns how many.
  Task<absl::StatusOr<int>> DeleteExpired(absl::Duration retention, int limit, absl::Time deadline);

 private:
  StoreContext& context_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_MAINTENANCE_STORE_H_

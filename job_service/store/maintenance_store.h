#ifndef VIBESTACK_JOB_SERVICE_STORE_MAINTENANCE_STORE_H_
#define VIBESTACK_JOB_SERVICE_STORE_MAINTENANCE_STORE_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "job_service/store/store_context.h"

namespace vibestack::job_service {

// What the sweepers do periodically. Every replica may run each of these at any time. Errors are
// Pool's. Thread-safe.
class MaintenanceStore {
 public:
  // `context` must outlive this.
  explicit MaintenanceStore(StoreContext& context) : context_(context) {}

  // Makes at most `limit` jobs pending whose lease ran out. Returns how many. Jobs of pushed
  // workflows have no lease.
  Task<absl::StatusOr<int>> SweepLeases(int limit, absl::Time deadline);

  // Deletes at most `limit` jobs that ended longer than `retention` ago. Returns how many.
  Task<absl::StatusOr<int>> DeleteExpired(absl::Duration retention, int limit, absl::Time deadline);

 private:
  StoreContext& context_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_MAINTENANCE_STORE_H_

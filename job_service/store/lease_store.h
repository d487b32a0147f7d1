#ifndef VIBESTACK_JOB_SERVICE_STORE_LEASE_STORE_H_
#define VIBESTACK_JOB_SERVICE_STORE_LEASE_STORE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/coalescer.h"
#include "common/async/task.h"
#include "common/telemetry/metrics.h"
#include "job_service/domain/job.h"
#include "job_service/store/store_context.h"

namespace vibestack::job_service {

// A job whose lease was valid when the statement wrote it.
struct LeasedJob {
  std::string workflow_id;
  absl::Time updated_at;  // The new lease token.
};

// Extends and releases the leases of workers. The answers are in the order of the leases. The error
// of one lease: ABORTED (LEASE_LOST or JOB_CANCELLED), NOT_FOUND, or the one of its statement.
// Errors of the whole call are those of Coalescer and of Pool. Thread-safe.
class LeaseStore {
 public:
  // `context` must outlive this.
  explicit LeaseStore(StoreContext& context);
  LeaseStore(const LeaseStore&) = delete;
  LeaseStore& operator=(const LeaseStore&) = delete;

  // Extends leases. No job may occur twice. Coalesced. When the answer of the database is lost, so
  // are the new tokens: UNAVAILABLE.
  Task<absl::StatusOr<std::vector<absl::StatusOr<LeasedJob>>>> Heartbeat(std::vector<Lease> leases,
                                                                         absl::Time deadline);

  // Makes the jobs pending again. No job may occur twice.
  Task<absl::StatusOr<std::vector<absl::Status>>> Release(std::vector<Lease> leases,
                                                          absl::Time deadline);

  // Refuses the waiting calls and returns when no batch is in flight. May be called twice.
  void Close() { heartbeats_.Close(); }

 private:
  using Leases = std::vector<Lease>;
  using LeasedJobs = std::vector<absl::StatusOr<LeasedJob>>;
  using Batches = Coalescer<Leases, LeasedJobs>;

  Task<absl::StatusOr<Batches::Answers>> HeartbeatBatch(const std::vector<Leases>& calls,
                                                        absl::Time deadline);

  StoreContext& context_;
  Batches heartbeats_;
  const MetricRegistration queue_metric_;  // Reads heartbeats_.
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_LEASE_STORE_H_

#ifndef VIBESTACK_JOB_SERVICE_STORE_LEASE_STORE_H_
#define VIBESTACK_JOB_SERVICE_STORE_LEASE_STORE_H_

#include <functional>
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

// A job whose lease was extended or released.
struct LeasedJob {
  std::string workflow_id;
  absl::Time updated_at;  // The new lease token.
};

// Extends and releases the leases of workers. The results are in the order of the leases. Errors of
// one lease: ABORTED (LEASE_LOST or JOB_CANCELLED), NOT_FOUND, DEADLINE_EXCEEDED (ROW_LOCKED) if
// another transaction kept the job locked until LockedRowDeadline, or the error of its statement.
// Errors of the whole call: those of Coalescer and of Pool. Thread-safe.
class LeaseStore {
 public:
  // `context` must outlive this.
  explicit LeaseStore(StoreContext& context);
  LeaseStore(const LeaseStore&) = delete;
  LeaseStore& operator=(const LeaseStore&) = delete;

  // Extends leases. The jobs must be distinct. Coalesced. UNAVAILABLE if the database's answer is
  // lost, and with it the new tokens.
  Task<absl::StatusOr<std::vector<absl::StatusOr<LeasedJob>>>> Heartbeat(std::vector<Lease> leases,
                                                                         absl::Time deadline);

  // Releases leases: the jobs are pending again. The jobs must be distinct.
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

  // Writes leases, and returns one answer for each.
  using WriteOnce = std::function<Task<absl::StatusOr<LeasedJobs>>(Leases)>;
  Task<absl::StatusOr<LeasedJobs>> ExtendOnce(Leases leases, absl::Time deadline);
  Task<absl::StatusOr<LeasedJobs>> ReleaseOnce(Leases leases, absl::Time deadline);

  // Calls `write`, and again for the leases whose jobs another transaction has locked. `write` must
  // outlive the task.
  Task<absl::StatusOr<LeasedJobs>> WriteUntilUnlocked(Leases leases, const WriteOnce& write,
                                                      absl::Time deadline);

  StoreContext& context_;
  Batches heartbeats_;
  const MetricRegistration queue_metric_;  // Reads heartbeats_.
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_LEASE_STORE_H_

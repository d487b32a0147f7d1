#ifndef VIBESTACK_JOB_SERVICE_STORE_JOB_METRICS_H_
#define VIBESTACK_JOB_SERVICE_STORE_JOB_METRICS_H_

#include <array>
#include <cstddef>

#include "absl/status/status.h"
#include "common/telemetry/metrics.h"
#include "job_service/domain/job.h"

namespace vibestack::job_service {

// Counts what happens to jobs. A statement counts only if the database answered it.
//   vibestack_jobs_created_total
//   vibestack_claims_total{outcome="jobs"|"none"}  statements; a call that waits makes several
//   vibestack_jobs_claimed_total
//   vibestack_jobs_finished_total{status="completed"|"failed"}
// vibestack_leases_lost_total{call="finish"|"heartbeat"|"progress"|"release"} A repeated idempotent
// call may count twice. Thread-safe; `metrics` must outlive this.
class JobMetrics {
 public:
  explicit JobMetrics(Metrics& metrics);

  // Records new jobs.
  void RecordCreated(size_t jobs) { created_.Increment(static_cast<double>(jobs)); }

  // Records a claim that found this many jobs.
  void RecordClaim(size_t jobs);

  // Records jobs that changed to `status`. Ignores statuses that are not terminal.
  void RecordFinished(JobStatus status, size_t jobs = 1);

  enum class LeaseCall { kFinish, kHeartbeat, kProgress, kRelease };
  // Records the outcome of one lease in a call. Counts lost leases only.
  void RecordLeaseCall(LeaseCall call, const absl::Status& status);

 private:
  prometheus::Counter& created_;
  prometheus::Counter& claims_with_jobs_;
  prometheus::Counter& claims_without_;
  prometheus::Counter& claimed_;
  prometheus::Counter& completed_;
  prometheus::Counter& failed_;
  const std::array<prometheus::Counter*, 4> lost_;  // by LeaseCall
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_JOB_METRICS_H_

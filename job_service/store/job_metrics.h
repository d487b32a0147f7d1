#ifndef VIBESTACK_JOB_SERVICE_STORE_JOB_METRICS_H_
#define VIBESTACK_JOB_SERVICE_STORE_JOB_METRICS_H_

#include <array>
#include <cstddef>

#include "absl/status/status.h"
#include "common/telemetry/metrics.h"
#include "job_service/domain/job.h"

namespace vibestack::job_service {

// Counts what happens to jobs, as far as the database answered:
//   vibestack_jobs_created_total
//   vibestack_claims_total{outcome="jobs"|"none"}  statements, several for a call that waits
//   vibestack_jobs_claimed_total
//   vibestack_jobs_finished_total{status="completed"|"failed"}
//   vibestack_leases_lost_total{call="finish"|"heartbeat"|"progress"|"release"}
// A repeated call may count twice. Thread-safe; `metrics` must outlive this.
class JobMetrics {
 public:
  explicit JobMetrics(Metrics& metrics);

  // Jobs were created.
  void RecordCreated(size_t jobs) { created_.Increment(static_cast<double>(jobs)); }

  // A claim found this many jobs.
  void RecordClaim(size_t jobs);

  // Jobs changed to `status`. Counts terminal statuses only.
  void RecordFinished(JobStatus status, size_t jobs = 1);

  enum class LeaseCall { kFinish, kHeartbeat, kProgress, kRelease };
  // A call with a lease had this outcome. Counts lost leases only.
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

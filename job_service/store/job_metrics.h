#ifndef VIBESTACK_JOB_SERVICE_STORE_JOB_METRICS_H_
#define VIBESTACK_JOB_SERVICE_STORE_JOB_METRICS_H_

#include <array>
#include <cstddef>

#include "absl/status/status.h"
#include "common/telemetry/metrics.h"
#include "job_service/domain/job.h"

namespace vibestack::job_service {

// What becomes of jobs, counted where the database answered:
//   vibestack_jobs_created_total
//   vibestack_claims_total{outcome="jobs"|"none"}  looks for jobs, of waiting calls each one
//   vibestack_jobs_claimed_total
//   vibestack_jobs_finished_total{status="completed"|"failed"}
//   vibestack_leases_lost_total{call="finish"|"heartbeat"|"progress"|"release"}
// A call that is repeated may count twice. Two of these over the same Metrics count together.
// Thread-safe; `metrics` must outlive it.
class JobMetrics {
 public:
  explicit JobMetrics(Metrics& metrics);

  void Created(size_t jobs) { created_.Increment(static_cast<double>(jobs)); }
  // A look for jobs that found so many.
  void Claimed(size_t jobs);
  // Nothing unless the status is terminal.
  void Finished(JobStatus status, size_t jobs = 1);

  enum class LeaseCall { kFinish, kHeartbeat, kProgress, kRelease };
  // What a lease's holder was told; counts when the lease was lost.
  void Told(LeaseCall call, const absl::Status& status);

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

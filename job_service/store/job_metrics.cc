#include "job_service/store/job_metrics.h"

#include "common/base/error.h"

namespace vibestack::job_service {
namespace {

prometheus::Counter& Claims(Metrics& metrics, const char* outcome) {
  return metrics.Counter("vibestack_claims_total", "Claim statements, by whether they found jobs.",
                         {{"outcome", outcome}});
}

prometheus::Counter& FinishedJobs(Metrics& metrics, const char* status) {
  return metrics.Counter("vibestack_jobs_finished_total", "Jobs that ended, by their status.",
                         {{"status", status}});
}

prometheus::Counter* LostLeases(Metrics& metrics, const char* call) {
  return &metrics.Counter("vibestack_leases_lost_total",
                          "Calls refused because the lease was lost.", {{"call", call}});
}

}  // namespace

JobMetrics::JobMetrics(Metrics& metrics)
    : created_(metrics.Counter("vibestack_jobs_created_total", "Jobs that were created.")),
      claims_with_jobs_(Claims(metrics, "jobs")),
      claims_without_(Claims(metrics, "none")),
      claimed_(metrics.Counter("vibestack_jobs_claimed_total", "Jobs that workers claimed.")),
      completed_(FinishedJobs(metrics, "completed")),
      failed_(FinishedJobs(metrics, "failed")),
      lost_{LostLeases(metrics, "finish"), LostLeases(metrics, "heartbeat"),
            LostLeases(metrics, "progress"), LostLeases(metrics, "release")} {}

void JobMetrics::RecordClaim(size_t jobs) {
  (jobs > 0 ? claims_with_jobs_ : claims_without_).Increment();
  claimed_.Increment(static_cast<double>(jobs));
}

void JobMetrics::RecordFinished(JobStatus status, size_t jobs) {
  if (!IsTerminal(status)) return;
  (status == JobStatus::kCompleted ? completed_ : failed_).Increment(static_cast<double>(jobs));
}

void JobMetrics::RecordLeaseCall(LeaseCall call, const absl::Status& status) {
  if (absl::IsAborted(status) && ErrorReason(status) == "LEASE_LOST") {
    lost_[static_cast<size_t>(call)]->Increment();
  }
}

}  // namespace vibestack::job_service

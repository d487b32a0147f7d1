#ifndef VIBESTACK_JOB_SERVICE_DOMAIN_JOB_H_
#define VIBESTACK_JOB_SERVICE_DOMAIN_JOB_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace vibestack::job_service {

// Characters of a workflow's id, as the column has room for.
inline constexpr size_t kMaxWorkflowId = 100;

// Where a job is in its life: pending → processing → completed or failed; pending → completed or
// failed (cancelled, or what became of a pushed job); processing → pending (the lease ran out or
// was released); failed → pending (retried). Completed and failed are terminal.
enum class JobStatus {
  kUnknown,  // A state that somebody else wrote.
  kPending,
  kProcessing,
  kCompleted,
  kFailed,
};

// The names in the column `status`. Any other name is kUnknown, whose name is empty.
JobStatus ParseJobStatus(std::string_view name);
std::string JobStatusName(JobStatus status);

// Whether a job in this state changes no more but by a retry or its deletion.
bool IsTerminal(JobStatus status);

// A row of agent_jobs.
struct Job {
  std::string id;       // Lower case.
  std::string user_id;  // Empty for none.
  std::string workflow_id;
  JobStatus status = JobStatus::kPending;
  absl::Time created_at;
  absl::Time updated_at;  // Whole microseconds.
  // The column result_payload as JSON text; absent for NULL and where it was not asked for.
  std::optional<std::string> result;
};

// The right to write to a job that is being processed: its `updated_at` in microseconds since 1970,
// which every write replaces.
inline int64_t LeaseToken(const Job& job) { return absl::ToUnixMicros(job.updated_at); }

// A job to be made. All of it is checked by then.
struct NewJob {
  std::string id;
  std::string user_id;
  std::string workflow_id;
};

// Shared between the calls that asked for it; null where there is none.
using JobPtr = std::shared_ptr<const Job>;

// A worker's lease on a job.
struct Lease {
  std::string job_id;
  int64_t token = 0;
};

// What a worker writes to a job: how it ends, or its progress.
struct JobFinish {
  Lease lease;
  JobStatus status = JobStatus::kCompleted;  // Or kFailed; kProcessing for progress.
  std::string result;                        // JSON text.
};

// How many jobs there are in each state, up to a bound.
struct JobCounts {
  std::map<JobStatus, int> jobs;
  // For how long the oldest pending job has been there.
  std::optional<absl::Duration> oldest_pending;
};

// How many jobs of a workflow are in which state.
struct WorkflowStats {
  std::string workflow_id;
  std::map<JobStatus, int> jobs;
  // For how long the oldest pending job has been there.
  std::optional<absl::Duration> oldest_pending;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DOMAIN_JOB_H_

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

// The maximum length of a workflow id, in characters, as the column has it.
inline constexpr size_t kMaxWorkflowId = 100;

// The state of a job. Its transitions:
//   pending → processing               a worker claims it, or its workflow accepts the push
//   pending → completed, failed        its workflow or run ends it, a timeout, or a cancellation
//   processing → completed, failed     its worker or run ends it, a timeout, or a cancellation
//   processing → pending               its lease expires or is released
//   failed → pending                   a retry
// Completed and failed are terminal.
enum class JobStatus {
  kUnknown,  // Another program wrote another text.
  kPending,
  kProcessing,
  kCompleted,
  kFailed,
};

// Convert from and to the text in the column `status`. Every other text is kUnknown. The text of
// kUnknown is empty.
JobStatus ParseJobStatus(std::string_view name);
std::string JobStatusName(JobStatus status);

// Whether a job in this state has ended: only a retry or a deletion changes it.
bool IsTerminal(JobStatus status);

// A row of agent_jobs.
struct Job {
  std::string id;       // In lower case.
  std::string user_id;  // Empty when the job has no user.
  std::string workflow_id;
  JobStatus status = JobStatus::kPending;
  absl::Time created_at;
  absl::Time updated_at;  // Whole microseconds.
  // The column result_payload as JSON text. Absent if it is NULL or was not read.
  std::optional<std::string> result;
};

// The fencing token of a job: its `updated_at` in microseconds since 1970. Every write replaces it,
// so a write with an old token fails.
inline int64_t LeaseToken(const Job& job) { return absl::ToUnixMicros(job.updated_at); }

// A job to create. The edge checks have checked its fields.
struct NewJob {
  std::string id;
  std::string user_id;
  std::string workflow_id;
};

// An immutable job, shared by several calls. Null if the job does not exist.
using JobPtr = std::shared_ptr<const Job>;

// A worker's lease on a job.
struct Lease {
  std::string job_id;
  int64_t token = 0;  // LeaseToken
};

// What a worker writes to a job that it has leased: the end of the job, or its progress.
struct JobFinish {
  Lease lease;
  JobStatus status = JobStatus::kCompleted;  // Or kFailed; kProcessing for progress.
  std::string result;                        // JSON text.
};

// The number of jobs of all workflows in each state. A count stops at a bound (StatsStore).
struct JobCounts {
  std::map<JobStatus, int> jobs;
  // The time since the creation of the oldest pending job. Absent without one.
  std::optional<absl::Duration> oldest_pending;
};

// The number of jobs of one workflow in each state. A count stops at a bound (StatsStore).
struct WorkflowStats {
  std::string workflow_id;
  std::map<JobStatus, int> jobs;
  // The time since the creation of the oldest pending job. Absent without one.
  std::optional<absl::Duration> oldest_pending;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DOMAIN_JOB_H_

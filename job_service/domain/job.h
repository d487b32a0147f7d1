#ifndef VIBESTACK_JOB_SERVICE_DOMAIN_JOB_H_
#define VIBESTACK_JOB_SERVICE_DOMAIN_JOB_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace vibestack::job_service {

// The maximum length of a workflow id, in characters, as the column has it.
inline constexpr size_t kMaxWorkflowId = 100;

// The state of a job. Its transitions:
//   pending → processing               a worker claims it, or its workflow accepts the push
//   pending → completed, failed        its workflow or run ends it, a timeout, or a cancellation
//   processing → completed, failed     its worker or run ends it, its last attempt times out, or a
//                                      cancellation
//   processing → pending               a retryable failure, a timeout, or a release
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

// Why an attempt of a job failed.
struct AttemptError {
  std::optional<absl::Time> time;
  int attempt = 0;
  std::string code;
  std::string message;  // Cut to 500 characters.
};

// A row of agent_jobs.
struct Job {
  std::string id;       // In lower case.
  std::string user_id;  // Empty when the job has no user.
  std::string workflow_id;
  JobStatus status = JobStatus::kPending;
  absl::Time created_at;
  absl::Time updated_at;  // Whole microseconds.

  // The other fields come from the column result_payload. They are empty if it is NULL or was not
  // read.

  // JSON text: the output of a completed job, the progress of a pending or processing one, or
  // {"error": …} of a failed one.
  std::optional<std::string> result;
  // JSON text. Absent if it was not read. A completed job has no input.
  std::optional<std::string> input;
  int failed_attempts = 0;
  int max_attempts = 0;              // 0: the number of its workflow.
  std::vector<AttemptError> errors;  // The last ten, oldest first.
  std::optional<absl::Time> not_before;
  // The time of the first request of the present attempt of a pushed job. Absent until a request
  // has failed.
  std::optional<absl::Time> first_request;
  // The stored size of the column in bytes; 0 if it is NULL. Set for claimed jobs only.
  int64_t payload_bytes = 0;
};

// The fencing token of a job: its `updated_at` in microseconds since 1970. Every write replaces it,
// so a write with an old token fails.
inline int64_t LeaseToken(const Job& job) { return absl::ToUnixMicros(job.updated_at); }

// The number of the job's attempt, from 1: the next attempt of a pending job, the present one of a
// processing job, the last one of a failed job.
inline int AttemptNumber(const Job& job) {
  return job.failed_attempts + (job.status == JobStatus::kFailed ? 0 : 1);
}

// The maximum time from now until the start of a job, and the maximum delay of a retry.
inline constexpr absl::Duration kMaxStartDelay = absl::Hours(24 * 366);

// A job to create. The edge checks have checked its fields.
struct NewJob {
  std::string id;
  std::string user_id;
  std::string workflow_id;
  std::string input;     // JSON text; empty for none.
  int max_attempts = 0;  // 0: the number of its workflow.
  // The job does not start before this time, or before this delay after its creation. At most one
  // of them is set.
  std::optional<absl::Time> not_before;
  std::optional<absl::Duration> delay;
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
  std::string result;  // JSON text: the output, the progress, or the error object.
  // For a failure: whether another attempt may follow, and the delay before it. Without a delay,
  // the backoff applies.
  bool is_retryable = false;
  std::optional<absl::Duration> retry_delay = std::nullopt;
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

#include "job_service/domain/job.h"

namespace vibestack::job_service {

JobStatus ParseJobStatus(std::string_view name) {
  if (name == "pending") return JobStatus::kPending;
  if (name == "processing") return JobStatus::kProcessing;
  if (name == "completed") return JobStatus::kCompleted;
  if (name == "failed") return JobStatus::kFailed;
  return JobStatus::kUnknown;
}

std::string JobStatusName(JobStatus status) {
  switch (status) {
    case JobStatus::kPending:
      return "pending";
    case JobStatus::kProcessing:
      return "processing";
    case JobStatus::kCompleted:
      return "completed";
    case JobStatus::kFailed:
      return "failed";
    case JobStatus::kUnknown:
      break;
  }
  return "";
}

bool IsTerminal(JobStatus status) {
  return status == JobStatus::kCompleted || status == JobStatus::kFailed;
}

}  // namespace vibestack::job_service

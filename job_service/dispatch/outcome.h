#ifndef VIBESTACK_JOB_SERVICE_DISPATCH_OUTCOME_H_
#define VIBESTACK_JOB_SERVICE_DISPATCH_OUTCOME_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/http/message.h"
#include "job_service/domain/workflow.h"

namespace vibestack::job_service {

// The outcome of one dispatch of a job.
struct DispatchOutcome {
  enum class Kind {
    kAccepted,   // The run began and will call back.
    kCompleted,  // The response was the result.
    kFailed,     // The workflow refused the job, or its response is not a valid result.
    kRetry,      // A later attempt may succeed.
    kAbandoned,  // The service stops; another replica dispatches the job.
  };

  Kind kind = Kind::kRetry;
  // JSON text: the result of a completed job, or the error of a failed one. With kRetry, the error
  // that the job gets if it is given up now.
  std::string result;
  std::optional<absl::Duration> retry_after;  // the wait that the receiver asked for
};

// `accepted`, `completed`, `failed`, `retry` or `abandoned`.
const char* OutcomeName(DispatchOutcome::Kind kind);

// Says why a text cannot be a result; empty if it can.
using JsonCheck = std::function<std::string(const std::string&)>;

// What the response to an attempt means for the job: http::Classify decides whether the workflow
// took the job, refused it or gets it again; `completion` decides what the body is.
DispatchOutcome ReadResponse(const absl::StatusOr<http::Response>& response,
                             Push::Completion completion, const JsonCheck& json_fault,
                             absl::Time now);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DISPATCH_OUTCOME_H_

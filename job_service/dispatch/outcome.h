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
    kAccepted,   // The run has begun and will call back.
    kCompleted,  // The response is the result.
    kFailed,     // The workflow refused the job, or its response is not a valid result.
    kRetry,      // The target failed; a later attempt may succeed.
    kAbandoned,  // This replica stops; another replica dispatches the job.
  };

  Kind kind = Kind::kRetry;
  // JSON text: the result of a completed job, or the error of a failed one. With kRetry, the error
  // to store if the dispatch timeout has passed.
  std::string result;
  std::optional<absl::Duration> retry_after;  // the Retry-After of the response
};

// The name in metrics and logs: `accepted`, `completed`, `failed`, `retry` or `abandoned`.
const char* OutcomeName(DispatchOutcome::Kind kind);

// Returns why a text cannot be a result (JsonFault); empty if it can.
using JsonCheck = std::function<std::string(const std::string&)>;

// What the response to an attempt means for the job. http::Classify tells acceptance, refusal and
// retry apart; `completion` says whether the body is the result.
DispatchOutcome ReadResponse(const absl::StatusOr<http::Response>& response,
                             Push::Completion completion, const JsonCheck& json_fault,
                             absl::Time now);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DISPATCH_OUTCOME_H_

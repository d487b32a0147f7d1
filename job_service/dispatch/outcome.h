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

// What one dispatch of a job came to.
struct DispatchOutcome {
  enum class Kind {
    kAccepted,   // The run began and will call back.
    kCompleted,  // The answer was the result.
    kFailed,     // The workflow refused the job, or answered what is no result.
    kRetry,      // It may go well later.
    kAbandoned,  // The service stops; another replica will try.
  };

  Kind kind = Kind::kRetry;
  std::string result;  // JSON text: of a completed or failed job, or that it would fail with.
  std::optional<absl::Duration> retry_after;  // What the receiver asked for.
};

// `accepted`, `completed`, `failed`, `retry` or `abandoned`.
const char* OutcomeName(DispatchOutcome::Kind kind);

// Why a text cannot be a result; empty when it can.
using JsonCheck = std::function<std::string(const std::string&)>;

// What the response to an attempt means for the job: http::Classify decides whether the workflow
// took the job, refused it or gets it again; `completion` decides what the body is.
DispatchOutcome ReadResponse(const absl::StatusOr<http::Response>& response,
                             Push::Completion completion, const JsonCheck& json_fault,
                             absl::Time now);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DISPATCH_OUTCOME_H_

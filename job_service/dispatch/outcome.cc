#include "job_service/dispatch/outcome.h"

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/http/retry_policy.h"
#include "job_service/domain/job_error.h"

namespace vibestack::job_service {
namespace {

using Kind = DispatchOutcome::Kind;

DispatchOutcome ReadSuccess(const http::Response& response, Push::Completion completion,
                            const JsonCheck& json_fault) {
  if (completion == Push::Completion::kCallback) return {Kind::kAccepted, "", {}};
  const std::string fault = json_fault(response.body);
  if (fault.empty()) return {Kind::kCompleted, response.body, {}};
  return {Kind::kFailed,
          ErrorObject("RESPONSE_INVALID",
                      "the workflow's response is not a valid result: it " + fault, ""),
          {}};
}

// The error of a job whose last attempt got no 2xx, as JSON text.
std::string AttemptError(const absl::StatusOr<http::Response>& response, const char* code) {
  if (response.ok()) {
    return ErrorObject(code,
                       absl::StrCat("the workflow responded with HTTP status ", response->status),
                       absl::StrCat("{\"http_status\":", response->status, "}"));
  }
  const bool late = absl::IsDeadlineExceeded(response.status());
  const char* message =
      late ? "the workflow did not respond in time" : "the workflow did not respond";
  return ErrorObject(code, message,
                     absl::StrCat("{\"reason\":\"", ErrorReason(response.status()), "\"}"));
}

}  // namespace

const char* OutcomeName(Kind kind) {
  switch (kind) {
    case Kind::kAccepted:
      return "accepted";
    case Kind::kCompleted:
      return "completed";
    case Kind::kFailed:
      return "failed";
    case Kind::kRetry:
      return "retry";
    case Kind::kAbandoned:
      return "abandoned";
  }
  return "";
}

DispatchOutcome ReadResponse(const absl::StatusOr<http::Response>& response,
                             Push::Completion completion, const JsonCheck& json_fault,
                             absl::Time now) {
  if (completion == Push::Completion::kResponse &&
      ErrorReason(response.status()) == "HTTP_RESPONSE_TOO_LARGE") {
    return {Kind::kFailed,
            ErrorObject("RESPONSE_TOO_LARGE", "the workflow's response is larger than 4 MiB", ""),
            {}};
  }
  switch (http::Classify(response)) {
    case http::AttemptOutcome::kAccepted:
      return ReadSuccess(*response, completion, json_fault);
    case http::AttemptOutcome::kRefused:
      return {Kind::kFailed, AttemptError(response, "DISPATCH_REFUSED"), {}};
    case http::AttemptOutcome::kStopped:
      return {Kind::kAbandoned, "", {}};
    case http::AttemptOutcome::kRetryable:
      break;
  }
  DispatchOutcome outcome{Kind::kRetry, AttemptError(response, "DISPATCH_TIMEOUT"), {}};
  if (response.ok()) outcome.retry_after = http::RetryAfter(*response, now);
  return outcome;
}

}  // namespace vibestack::job_service

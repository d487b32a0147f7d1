#include "job_service/dispatch/outcome.h"

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "job_service/domain/job_error.h"

namespace vibestack::job_service {
namespace {

using Kind = DispatchOutcome::Kind;

DispatchOutcome JudgeNoAnswer(const absl::Status& error, Push::Completion completion) {
  const std::string reason = ErrorReason(error);
  if (reason == "SHUTTING_DOWN") return {Kind::kAbandoned, "", {}};
  if (reason == "HTTP_RESPONSE_TOO_LARGE" && completion == Push::Completion::kResponse) {
    return {Kind::kFailed, ErrorResult("RESPONSE_TOO_LARGE", "the answer is past 4 MiB", ""), {}};
  }
  const bool late = absl::IsDeadlineExceeded(error);
  const char* message = late ? "the workflow did not answer in time" : "there was no answer";
  return {Kind::kRetry,
          ErrorResult("DISPATCH_TIMEOUT", message, absl::StrCat("{\"reason\":\"", reason, "\"}")),
          {}};
}

DispatchOutcome JudgeSuccess(const http::Response& response, Push::Completion completion,
                             const JsonCheck& json_fault) {
  if (completion == Push::Completion::kCallback) return {Kind::kAccepted, "", {}};
  const std::string fault = json_fault(response.body);
  if (fault.empty()) return {Kind::kCompleted, response.body, {}};
  return {Kind::kFailed,
          ErrorResult("RESPONSE_INVALID", "the workflow's answer is no result: it " + fault, ""),
          {}};
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

DispatchOutcome JudgeAnswer(const absl::StatusOr<http::Response>& answer,
                            Push::Completion completion, const JsonCheck& json_fault,
                            absl::Time now) {
  if (!answer.ok()) return JudgeNoAnswer(answer.status(), completion);
  const int status = answer->status;
  if (status >= 200 && status < 300) return JudgeSuccess(*answer, completion, json_fault);
  const bool refused =
      status >= 400 && status < 500 && status != 408 && status != 425 && status != 429;
  DispatchOutcome outcome;
  outcome.kind = refused ? Kind::kFailed : Kind::kRetry;
  outcome.result = ErrorResult(refused ? "DISPATCH_REFUSED" : "DISPATCH_TIMEOUT",
                               absl::StrCat("the workflow answered ", status),
                               absl::StrCat("{\"http_status\":", status, "}"));
  if (!refused) outcome.retry_after = http::RetryAfter(*answer, now);
  return outcome;
}

}  // namespace vibestack::job_service

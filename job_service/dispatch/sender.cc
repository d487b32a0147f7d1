#include "job_service/dispatch/sender.h"

#include <utility>

#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/rpc/alarm.h"
#include "common/telemetry/log.h"

namespace vibestack::job_service {
namespace {

// The lifetime of a callback token. It is longer than the processing timeout, because a run that
// reports progress may last longer.
absl::Duration TokenLifetime(const Push& push) {
  return 2 * push.processing_timeout + absl::Hours(1);
}

// The check of a larger body moves to another thread, because the HTTP client has only one.
constexpr size_t kLargeBody = 64UL * 1024;

}  // namespace

Sender::Sender(Options options, http::DeliveryClient& client, Metrics& metrics)
    : options_(std::move(options)), client_(client), metrics_(metrics) {}

void Sender::RegisterWorkflowMetrics(const std::string& workflow_id) {
  using Kind = DispatchOutcome::Kind;
  for (const Kind kind :
       {Kind::kAccepted, Kind::kCompleted, Kind::kFailed, Kind::kRetry, Kind::kAbandoned}) {
    Attempts(workflow_id, OutcomeName(kind));
  }
  Durations(workflow_id);
}

prometheus::Counter& Sender::Attempts(const std::string& workflow_id, const char* outcome) {
  return metrics_.Counter("vibestack_dispatch_attempts_total",
                          "Jobs posted to their workflow, by outcome.",
                          {{"workflow_id", workflow_id}, {"outcome", outcome}});
}

prometheus::Histogram& Sender::Durations(const std::string& workflow_id) {
  return metrics_.Histogram("vibestack_dispatch_duration_seconds",
                            "Time from posting a job to its workflow's response.",
                            {{"workflow_id", workflow_id}},
                            {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300});
}

absl::StatusOr<std::optional<Callback>> Sender::MakeCallback(const Push& push,
                                                             const Job& job) const {
  if (push.completion == Push::Completion::kResponse) return std::nullopt;
  if (options_.issuer == nullptr)
    return InternalError("job_service has no key to sign callback tokens; set --keys_dir");
  absl::StatusOr<auth::IssuedToken> token =
      options_.issuer->Issue(auth::Purpose::kCallback, job.id, TokenLifetime(push), "", "",
                             AttemptNumber(job), absl::ToUnixMicros(job.created_at));
  if (!token.ok()) return token.status();
  return Callback{options_.callback_base_url + "/v1/jobs/" + job.id, std::move(token->token)};
}

Task<DispatchOutcome> Sender::Post(const Push& push, const Job& job, absl::Time deadline) {
  const absl::Time began = absl::Now();
  http::DeliveryClient::Attempt attempt{absl::UnknownError("not sent"), std::nullopt};
  const absl::StatusOr<std::optional<Callback>> callback = MakeCallback(push, job);
  if (callback.ok()) {
    http::Delivery delivery = JobDelivery(push, job, *callback);
    attempt = co_await client_.Send(std::move(delivery), deadline);
  } else {
    attempt.response = callback.status();
  }
  const absl::StatusOr<http::Response>& response = attempt.response;
  if (response.ok() && response->body.size() > kLargeBody) co_await rpc::WaitUntil(absl::Now());
  DispatchOutcome outcome =
      ReadResponse(response, push.completion, options_.json_fault, absl::Now());
  Record(job, attempt, outcome, absl::Now() - began);
  co_return outcome;
}

void Sender::Record(const Job& job, const http::DeliveryClient::Attempt& attempt,
                    const DispatchOutcome& outcome, absl::Duration duration) {
  const char* name = OutcomeName(outcome.kind);
  Attempts(job.workflow_id, name).Increment();
  Durations(job.workflow_id).Observe(absl::ToDoubleSeconds(duration));
  const LogTrace log_trace(attempt.trace.has_value() ? &*attempt.trace : nullptr);
  const bool good = outcome.kind == DispatchOutcome::Kind::kAccepted ||
                    outcome.kind == DispatchOutcome::Kind::kCompleted;
  Log(good ? LogLevel::kDebug : LogLevel::kInfo, "dispatch",
      {{"job_id", job.id},
       {"workflow_id", job.workflow_id},
       {"outcome", name},
       {"http_status", attempt.response.ok() ? attempt.response->status : 0},
       {"reason", ErrorReason(attempt.response.status())}});
}

Task<void> Sender::NotifyCancelled(const Push& push, const Job& job, const std::string& reason) {
  http::Delivery delivery = CancelDelivery(push, job, reason);
  http::DeliveryClient::Limits limits;
  limits.retry = {.first_delay = absl::Seconds(1),
                  .max_delay = absl::Seconds(5),
                  .max_retry_after = absl::Seconds(5),
                  .max_attempts = 3};
  limits.attempt_timeout = push.timeout;
  const http::DeliveryResult result =
      co_await client_.Deliver(std::move(delivery), std::move(limits));
  if (result.outcome == http::DeliveryResult::Outcome::kDelivered) co_return;
  Log(LogLevel::kWarning, "cancellation_not_delivered",
      {{"job_id", job.id},
       {"workflow_id", job.workflow_id},
       {"outcome", http::OutcomeName(result.outcome)},
       {"http_status", result.http_status},
       {"reason", result.reason}});
}

}  // namespace vibestack::job_service

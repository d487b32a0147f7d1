#include "common/http/delivery.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/http/signature.h"
#include "common/rpc/alarm.h"
#include "common/telemetry/span.h"
#include "common/telemetry/trace_headers.h"

namespace vibestack::http {

using Outcome = DeliveryResult::Outcome;

const char* OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kDelivered:
      return "delivered";
    case Outcome::kRefused:
      return "refused";
    case Outcome::kGivenUp:
      return "given_up";
    case Outcome::kDropped:
      return "dropped";
  }
  return "";
}

Request MakeRequest(Delivery delivery, absl::Time now) {
  Request request;
  request.url = std::move(delivery.url);
  request.headers = {{"content-type", "application/json"},
                     {"idempotency-key", std::move(delivery.idempotency_key)}};
  for (Header& header : delivery.headers) request.headers.push_back(std::move(header));
  if (!delivery.signing_secret.empty()) {
    for (Header& header : SignatureHeaders(delivery.signing_secret, now, delivery.body)) {
      request.headers.push_back(std::move(header));
    }
  }
  request.body = std::move(delivery.body);
  request.ignores_body = delivery.ignores_body;
  return request;
}

Task<DeliveryClient::Attempt> DeliveryClient::Send(Delivery delivery, absl::Time deadline) {
  const TraceContext* const caller = co_await CurrentTrace();
  Span span = StartRootSpan(delivery.span_name, SpanKind::kClient, caller);
  span.Set("http.request.method", "POST");
  for (const auto& [key, value] : delivery.span_attributes) span.Set(key, value);
  Request request = MakeRequest(std::move(delivery), clock_.Now());
  Attempt attempt{absl::UnknownError("not sent"), std::nullopt};
  if (span.context() != nullptr) {
    attempt.trace = *span.context();
    for (auto& [name, value] : TraceHeaders(*span.context())) {
      request.headers.push_back({name, value});
    }
  }
  attempt.response = co_await client_.Send(std::move(request), deadline);
  if (attempt.response.ok()) {
    span.Set("http.response.status_code", int64_t{attempt.response->status});
  } else {
    span.Fail(ErrorReason(attempt.response.status()));
  }
  span.End();
  co_return attempt;
}

Task<DeliveryResult> DeliveryClient::Deliver(Delivery delivery, Limits limits) {
  DeliveryResult result;
  while (true) {
    const bool knew_of_stop = IsStopping();
    Delivery again = delivery;
    const Attempt attempt = co_await Send(std::move(again), absl::Now() + limits.attempt_timeout);
    ++result.attempts;
    result.http_status = attempt.response.ok() ? attempt.response->status : 0;
    result.reason = ErrorReason(attempt.response.status());
    const AttemptOutcome outcome = Classify(attempt.response);
    if (outcome == AttemptOutcome::kAccepted) result.outcome = Outcome::kDelivered;
    if (outcome == AttemptOutcome::kRefused) result.outcome = Outcome::kRefused;
    if (outcome != AttemptOutcome::kRetryable) co_return result;
    std::optional<absl::Duration> retry_after;
    if (attempt.response.ok()) retry_after = RetryAfter(*attempt.response, clock_.Now());
    absl::Duration delay = limits.retry.Delay(result.attempts, retry_after);
    if (IsStopping() && !knew_of_stop) delay = absl::ZeroDuration();
    const std::optional<Outcome> end = EndsBefore(delay, result.attempts, limits);
    if (end.has_value()) {
      result.outcome = *end;
      co_return result;
    }
    co_await Wait(delay, knew_of_stop);
    if (limits.on_retry != nullptr) limits.on_retry();
  }
}

bool DeliveryClient::IsStopping() {
  absl::MutexLock lock(&mutex_);
  return stopping_;
}

std::optional<Outcome> DeliveryClient::EndsBefore(absl::Duration delay, int attempts,
                                                  const Limits& limits) {
  absl::Time stop_at;
  {
    absl::MutexLock lock(&mutex_);
    stop_at = stop_at_;
  }
  if (absl::Now() + delay >= stop_at) return Outcome::kDropped;
  if (attempts >= limits.retry.max_attempts || clock_.Now() + delay >= limits.give_up_at) {
    return Outcome::kGivenUp;
  }
  return std::nullopt;
}

Task<void> DeliveryClient::Wait(absl::Duration delay, bool knew_of_stop) {
  const auto pause = std::make_shared<Pause>();
  const absl::Time until = absl::Now() + delay;
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_ && !knew_of_stop) co_return;  // BeginStop did not see this pause.
    pauses_.insert(pause);
  }
  {
    const rpc::Alarm alarm(until, [pause] { pause->Notify(true); });
    co_await pause->Wait();
  }
  absl::MutexLock lock(&mutex_);
  pauses_.erase(pause);
}

void DeliveryClient::BeginStop(absl::Time until) {
  std::unordered_set<std::shared_ptr<Pause>> pauses;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    stop_at_ = std::min(stop_at_, until);
    pauses = pauses_;
  }
  for (const auto& pause : pauses) pause->Notify(true);
}

}  // namespace vibestack::http

#include "user_service/mail/deliveries.h"

#include <algorithm>
#include <utility>

#include "common/base/error.h"
#include "common/base/uuid.h"
#include "common/telemetry/log.h"
#include "user_service/mail/payload.h"

namespace vibestack::user_service {

using Outcome = http::DeliveryResult::Outcome;

Deliveries::Deliveries(http::Client& client, Metrics& metrics, const Clock& clock, Options options)
    : client_(client),
      metrics_(metrics),
      clock_(clock),
      options_(std::move(options)),
      delivery_client_(client, clock),
      retries_(
          metrics.Counter("vibestack_webhook_retries_total", "Delivery attempts after the first.")),
      pending_metric_(metrics.AddGaugeCallback(
          "vibestack_webhook_pending",
          "Deliveries in the mail queue, and calls that reserved a slot in it.", {}, [this] {
            absl::MutexLock lock(&mutex_);
            return static_cast<double>(pending_);
          })) {
  for (const Outcome outcome :
       {Outcome::kDelivered, Outcome::kRefused, Outcome::kGivenUp, Outcome::kDropped}) {
    CountOf(outcome);
  }
}

prometheus::Counter& Deliveries::CountOf(Outcome outcome) {
  return metrics_.Counter("vibestack_webhook_deliveries_total", "Webhook deliveries by outcome.",
                          {{"outcome", http::OutcomeName(outcome)}});
}

absl::StatusOr<MailQueue::Slot> Deliveries::Reserve() {
  absl::MutexLock lock(&mutex_);
  if (stopping_) return UnavailableError("SHUTTING_DOWN", "the service is shutting down");
  if (pending_ >= options_.max_pending) {
    return ResourceExhaustedError("WEBHOOK_BUSY", "too many mails wait to be sent",
                                  absl::Seconds(5));
  }
  ++pending_;
  return Slot(*this);
}

void Deliveries::Release() {
  absl::MutexLock lock(&mutex_);
  --pending_;
}

void Deliveries::Put(Slot slot, Notice notice) {
  Start(Deliver(std::move(slot), std::move(notice)));
}

Task<void> Deliveries::Deliver(Slot slot, Notice notice) {
  const Slot reserved = std::move(slot);  // released at the end
  const absl::Time now = clock_.Now();
  const std::string id = NewUuid();
  http::Delivery delivery;
  delivery.url = options_.url;
  delivery.body = MakePayload(id, now, notice);
  delivery.idempotency_key = id;
  delivery.signing_secret = options_.secret;
  delivery.span_name = "deliver_mail";
  http::DeliveryClient::Limits limits;
  limits.retry = options_.retry;
  limits.attempt_timeout = options_.attempt_timeout;
  limits.give_up_at = std::min(now + options_.give_up_after, notice.expires_at);
  limits.on_retry = [this] { retries_.Increment(); };
  const http::DeliveryResult result =
      co_await delivery_client_.Deliver(std::move(delivery), std::move(limits));
  Record(result, id, notice);
}

void Deliveries::Record(const http::DeliveryResult& result, const std::string& delivery_id,
                        const Notice& notice) {
  CountOf(result.outcome).Increment();
  const bool delivered = result.outcome == Outcome::kDelivered;
  Log(delivered ? LogLevel::kDebug : LogLevel::kWarning, "webhook_delivery",
      {{"outcome", http::OutcomeName(result.outcome)},
       {"webhook_event", EventName(notice.event)},
       {"delivery_id", delivery_id},
       {"user_id", notice.user_id},
       {"attempts", result.attempts},
       {"http_status", result.http_status},
       {"reason", result.reason}});
}

void Deliveries::Stop(absl::Time until) {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  delivery_client_.BeginStop(until);
  const auto none_pending = [this]()
                                ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return pending_ == 0; };
  {
    absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithDeadline(absl::Condition(&none_pending), until);
  }
  client_.Stop();  // ends the attempts under way, so their deliveries end
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(&none_pending));
}

}  // namespace vibestack::user_service

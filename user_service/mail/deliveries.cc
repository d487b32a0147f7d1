#include "user_service/mail/deliveries.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/base/uuid.h"
#include "common/http/signature.h"
#include "common/rpc/alarm.h"
#include "common/telemetry/log.h"
#include "user_service/mail/payload.h"

namespace vibestack::user_service {

// What is known of a delivery beside its place.
struct Deliveries::Delivery {
  std::string id;
  std::string event;
  std::string user_id;
  Secret body;            // it holds the token
  absl::Time give_up_at;  // of the injected clock
  int tries = 0;
  int last_status = 0;      // of HTTP; 0: no answer
  std::string last_reason;  // why there was none
};

Deliveries::Deliveries(http::Client& client, Metrics& metrics, const Clock& clock, Options options)
    : client_(client),
      metrics_(metrics),
      clock_(clock),
      options_(std::move(options)),
      retries_(metrics.Counter("vibestack_webhook_retries_total",
                               "Tries of deliveries after their first one.")),
      watched_(metrics.AddGaugeCallback(
          "vibestack_webhook_pending", "Deliveries, and requests that may become one.", {}, [this] {
            absl::MutexLock lock(&mutex_);
            return static_cast<double>(pending_);
          })) {
  for (const char* outcome : {"delivered", "refused", "given_up", "dropped"}) CountOf(outcome);
}

prometheus::Counter& Deliveries::CountOf(const std::string& outcome) {
  return metrics_.Counter("vibestack_webhook_deliveries_total", "Deliveries by how they ended.",
                          {{"outcome", outcome}});
}

absl::StatusOr<MailQueue::Place> Deliveries::Reserve() {
  absl::MutexLock lock(&mutex_);
  if (stopping_) return UnavailableError("SHUTTING_DOWN", "the service is stopping");
  if (pending_ >= options_.max_pending) {
    return ResourceExhaustedError("WEBHOOK_BUSY", "too many mails wait to be sent",
                                  absl::Seconds(5));
  }
  ++pending_;
  return Place(*this);
}

void Deliveries::Release() {
  absl::MutexLock lock(&mutex_);
  --pending_;
}

void Deliveries::Put(Place place, Notice notice) {
  Start(Deliver(std::move(place), std::move(notice)));
}

Task<void> Deliveries::Deliver(Place place, Notice notice) {
  const Place held = std::move(place);  // until the end
  const absl::Time now = clock_.Now();
  Delivery delivery;
  delivery.id = NewUuid();
  delivery.event = EventName(notice.event);
  delivery.user_id = notice.user_id;
  delivery.body = Secret(MakePayload(delivery.id, now, notice));
  delivery.give_up_at = std::min(now + options_.retry.give_up_after, notice.expires_at);
  while (true) {
    const bool knew_of_stop = IsStopping();
    const absl::StatusOr<http::Response> response = co_await Try(delivery);
    ++delivery.tries;
    delivery.last_status = response.ok() ? response->status : 0;
    delivery.last_reason = ErrorReason(response.status());
    const TryOutcome outcome = JudgeTry(response);
    if (outcome == TryOutcome::kDelivered) Conclude(delivery, "delivered");
    if (outcome == TryOutcome::kRefused) Conclude(delivery, "refused");
    if (outcome != TryOutcome::kFailed) break;
    const absl::Duration delay = options_.retry.Delay(delivery.tries - 1, response, clock_.Now());
    if (!MayRetry(delivery, delay, knew_of_stop)) break;
    co_await Wait(delay, knew_of_stop);
    retries_.Increment();
  }
}

Task<absl::StatusOr<http::Response>> Deliveries::Try(const Delivery& delivery) {
  http::Request request;
  request.url = options_.url;
  request.headers = http::SignatureHeaders(options_.secret, clock_.Now(), delivery.body.Reveal());
  request.headers.push_back({"content-type", "application/json"});
  request.headers.push_back({"idempotency-key", delivery.id});
  request.body = delivery.body.Reveal();
  absl::StatusOr<http::Response> response =
      co_await client_.Send(std::move(request), absl::Now() + options_.try_timeout);
  co_return response;
}

bool Deliveries::IsStopping() {
  absl::MutexLock lock(&mutex_);
  return stopping_;
}

bool Deliveries::MayRetry(const Delivery& delivery, absl::Duration delay, bool knew_of_stop) {
  absl::Time stop_at;
  {
    absl::MutexLock lock(&mutex_);
    stop_at = stop_at_;
    if (stopping_ && !knew_of_stop) delay = absl::ZeroDuration();
  }
  if (absl::Now() + delay >= stop_at) {
    Conclude(delivery, "dropped");
    return false;
  }
  if (clock_.Now() + delay >= delivery.give_up_at) {
    Conclude(delivery, "given_up");
    return false;
  }
  return true;
}

Task<void> Deliveries::Wait(absl::Duration delay, bool knew_of_stop) {
  const auto pause = std::make_shared<Pause>();
  const absl::Time until = absl::Now() + delay;
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_ && !knew_of_stop) co_return;  // a Stop that did not see this pause
    pauses_.insert(pause);
  }
  {
    const rpc::Alarm alarm(until, [pause] { pause->Notify(true); });
    co_await pause->Wait();
  }
  absl::MutexLock lock(&mutex_);
  pauses_.erase(pause);
}

void Deliveries::Conclude(const Delivery& delivery, const char* outcome) {
  CountOf(outcome).Increment();
  const bool delivered = std::string_view(outcome) == "delivered";
  Log(delivered ? LogLevel::kDebug : LogLevel::kWarning, "webhook_delivery",
      {{"outcome", outcome},
       {"webhook_event", delivery.event},
       {"delivery_id", delivery.id},
       {"user_id", delivery.user_id},
       {"tries", delivery.tries},
       {"http_status", delivery.last_status},
       {"reason", delivery.last_reason}});
}

void Deliveries::Stop(absl::Time until) {
  std::unordered_set<std::shared_ptr<Pause>> pauses;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    stop_at_ = std::min(stop_at_, until);
    pauses = pauses_;
  }
  for (const auto& pause : pauses) pause->Notify(true);
  const auto none_pending = [this]()
                                ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return pending_ == 0; };
  {
    absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithDeadline(absl::Condition(&none_pending), until);
  }
  client_.Stop();  // ends the tries that are under way, and with them their deliveries
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(&none_pending));
}

}  // namespace vibestack::user_service

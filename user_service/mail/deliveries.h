#ifndef VIBESTACK_USER_SERVICE_MAIL_DELIVERIES_H_
#define VIBESTACK_USER_SERVICE_MAIL_DELIVERIES_H_

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/base/clock.h"
#include "common/base/secret.h"
#include "common/http/client.h"
#include "common/http/delivery.h"
#include "common/telemetry/metrics.h"
#include "user_service/domain/mail_queue.h"

namespace vibestack::user_service {

// A mail queue that posts each notice to the webhook (common/http/delivery.h), with the delivery's
// id as the idempotency key. The queue is in memory only: a restart loses it, and people who get no
// mail ask again.
//
// Metrics: vibestack_webhook_deliveries_total{outcome="delivered"|"refused"|"given_up"|"dropped"}
// (Stop() drops), vibestack_webhook_retries_total, vibestack_webhook_pending. A delivery that fails
// for good is one log line `webhook_delivery`, without the token and the email. Thread-safe.
class Deliveries final : public MailQueue {
 public:
  struct Options {
    std::string url;
    Secret secret;  // signs the requests
    http::RetryPolicy retry = {};
    // Retries end this long after Put(), or when the token expires, whichever is earlier.
    absl::Duration give_up_after = absl::Minutes(15);
    // The number of slots, for deliveries and for calls that may need one.
    size_t max_pending = 1'000;
    absl::Duration attempt_timeout = absl::Seconds(10);
  };

  // All must outlive this. Stop() also stops `client`.
  Deliveries(http::Client& client, Metrics& metrics, const Clock& clock, Options options);
  Deliveries(const Deliveries&) = delete;
  Deliveries& operator=(const Deliveries&) = delete;
  ~Deliveries() override { Stop(absl::InfinitePast()); }

  absl::StatusOr<Slot> Reserve() override;
  void Put(Slot slot, Notice notice) override;

  // Refuses new slots. Deliveries that wait for a retry are attempted at once. Retries until
  // `until`, by the machine's clock, and then drops the rest. Blocks until every slot is released.
  // May be called twice.
  void Stop(absl::Time until);

 private:
  void Release() override;
  Task<void> Deliver(Slot slot, Notice notice);
  void Record(const http::DeliveryResult& result, const std::string& delivery_id,
              const Notice& notice);
  prometheus::Counter& CountOf(http::DeliveryResult::Outcome outcome);

  http::Client& client_;
  Metrics& metrics_;
  const Clock& clock_;
  const Options options_;
  http::DeliveryClient delivery_client_;
  prometheus::Counter& retries_;
  absl::Mutex mutex_;
  size_t pending_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  MetricRegistration pending_metric_;  // last: it reads the others
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_MAIL_DELIVERIES_H_

#ifndef VIBESTACK_USER_SERVICE_MAIL_DELIVERIES_H_
#define VIBESTACK_USER_SERVICE_MAIL_DELIVERIES_H_

#include <memory>
#include <string>
#include <unordered_set>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/async/completion.h"
#include "common/async/task.h"
#include "common/base/clock.h"
#include "common/base/secret.h"
#include "common/http/client.h"
#include "common/telemetry/metrics.h"
#include "user_service/domain/mail_queue.h"
#include "user_service/mail/retry_policy.h"

namespace vibestack::user_service {

// Delivers notices to the webhook: one signed POST each (common/http/signature.h), with the
// delivery's id as `idempotency-key`, tried until it is taken, refused or too old. They are kept in
// memory only: whoever gets no mail asks once more.
//
// Metrics: vibestack_webhook_deliveries_total{outcome} with delivered, refused, given_up and
// dropped (by Stop), vibestack_webhook_retries_total, vibestack_webhook_pending. A delivery that
// comes to nothing is one log line, with ids, never with the token or the email. Thread-safe.
class Deliveries final : public MailQueue {
 public:
  struct Options {
    std::string url;
    Secret secret;
    RetryPolicy retry = {};
    // Places, be they for what is delivered or for what may turn out to be nothing.
    size_t max_pending = 1'000;
    absl::Duration try_timeout = absl::Seconds(10);
  };

  // All must outlive this; `client` is stopped by Stop.
  Deliveries(http::Client& client, Metrics& metrics, const Clock& clock, Options options);
  Deliveries(const Deliveries&) = delete;
  Deliveries& operator=(const Deliveries&) = delete;
  ~Deliveries() override { Stop(absl::InfinitePast()); }

  absl::StatusOr<Place> Reserve() override;
  void Put(Place place, Notice notice) override;

  // Tries at once what waits for its next try, goes on with that until `until` (of the machine's
  // clock), drops the rest, and returns when every place is back. May be called twice.
  void Stop(absl::Time until);

 private:
  struct Delivery;
  using Pause = Wakeup<bool>;

  void Release() override;
  Task<void> Deliver(Place place, Notice notice);
  Task<absl::StatusOr<http::Response>> Try(const Delivery& delivery);
  bool IsStopping();
  // Whether there is to be another try after one that failed; tells when there is not. Once Stop
  // was called the next try comes at once, unless the last one `knew_of_stop` already.
  bool MayRetry(const Delivery& delivery, absl::Duration delay, bool knew_of_stop);
  // Until `delay` is over or Stop is called, be it since the last try began.
  Task<void> Wait(absl::Duration delay, bool knew_of_stop);
  void Conclude(const Delivery& delivery, const char* outcome);
  prometheus::Counter& CountOf(const std::string& outcome);

  http::Client& client_;
  Metrics& metrics_;
  const Clock& clock_;
  const Options options_;
  prometheus::Counter& retries_;
  absl::Mutex mutex_;
  size_t pending_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time stop_at_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  std::unordered_set<std::shared_ptr<Pause>> pauses_ ABSL_GUARDED_BY(mutex_);
  MetricRegistration watched_;  // last: it reads the others
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_MAIL_DELIVERIES_H_

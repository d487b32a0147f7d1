#ifndef VIBESTACK_COMMON_HTTP_DELIVERY_H_
#define VIBESTACK_COMMON_HTTP_DELIVERY_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/async/completion.h"
#include "common/async/task.h"
#include "common/base/clock.h"
#include "common/base/secret.h"
#include "common/base/trace_context.h"
#include "common/http/client.h"
#include "common/http/message.h"
#include "common/http/retry_policy.h"

// Delivery of JSON to receivers outside: signed, under an idempotency key, traced and retried.
namespace vibestack::http {

// What to deliver, and to whom.
struct Delivery {
  std::string url;
  std::string body;  // JSON
  // The header `idempotency-key`: the same for each attempt, so that the receiver knows a
  // repetition.
  std::string idempotency_key;
  std::vector<Header> headers = {};  // further headers
  // Signs each attempt anew (signature.h). Empty: the attempts are not signed.
  Secret signing_secret = Secret();
  // The name and the attributes of the span of an attempt; see span.h for what they may hold.
  std::string span_name = "deliver";
  std::vector<std::pair<std::string, std::string>> span_attributes = {};
};

// The request of one attempt at `now`: the body, `content-type`, `idempotency-key`, the delivery's
// headers, and the signature.
Request MakeRequest(Delivery delivery, absl::Time now);

// How a delivery ended.
struct DeliveryResult {
  enum class Outcome {
    kDelivered,
    kRefused,  // AttemptOutcome::kRefused
    kGivenUp,  // the time or the attempts were used up
    kDropped,  // this process stops
  };

  Outcome outcome = Outcome::kDropped;
  int attempts = 0;
  int http_status = 0;  // of the last response; 0 for none
  std::string reason;   // why there was no last response, as `HTTP_UNREACHABLE`
};

// `delivered`, `refused`, `given_up` or `dropped`.
const char* OutcomeName(DeliveryResult::Outcome outcome);

// Makes deliveries. Thread-safe. Tasks go on in the client's thread or in a timer's: what follows
// them must be short.
class DeliveryClient {
 public:
  // How long and how often to try.
  struct Limits {
    RetryPolicy retry = {};
    absl::Duration attempt_timeout = absl::Seconds(10);
    absl::Time give_up_at = absl::InfiniteFuture();  // by the injected clock
    std::function<void()> on_retry = nullptr;        // runs before each attempt but the first
  };
  struct Attempt {
    absl::StatusOr<Response> response;  // see Client::Send
    std::optional<TraceContext> trace;  // the span's; nothing while tracing is off
  };

  // Both must outlive this. The owner of `client` stops it, after BeginStop. `clock` is for
  // signatures and for `give_up_at`; waits follow the machine's clock.
  DeliveryClient(Client& client, const Clock& clock) : client_(client), clock_(clock) {}
  DeliveryClient(const DeliveryClient&) = delete;
  DeliveryClient& operator=(const DeliveryClient&) = delete;

  // One attempt, with a span of the awaiting task's trace, or of a new trace where it has none.
  // `deadline` is of the machine's clock.
  Task<Attempt> Send(Delivery delivery, absl::Time deadline);

  // Attempts until one is accepted or refused, or the limits are reached.
  Task<DeliveryResult> Deliver(Delivery delivery, Limits limits);

  // Deliveries that wait make their next attempt now, and none makes one after `until` (of the
  // machine's clock). Does not wait. May be called twice; the earlier time counts.
  void BeginStop(absl::Time until);

 private:
  using Pause = Wakeup<bool>;

  bool IsStopping();
  // How the delivery ends instead of being attempted again after `delay`; nothing when it goes on.
  std::optional<DeliveryResult::Outcome> EndsBefore(absl::Duration delay, int attempts,
                                                    const Limits& limits);
  // Waits for `delay`, or until BeginStop. A delivery whose last attempt began after BeginStop
  // (`knew_of_stop`) waits for its whole delay: only the first attempt after BeginStop comes at
  // once.
  Task<void> Wait(absl::Duration delay, bool knew_of_stop);

  Client& client_;
  const Clock& clock_;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time stop_at_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  std::unordered_set<std::shared_ptr<Pause>> pauses_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vibestack::http

#endif  // VIBESTACK_COMMON_HTTP_DELIVERY_H_

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

// Delivers JSON to other programs: signed, with an idempotency key, traced and retried.
namespace vibestack::http {

// A body and its receiver.
struct Delivery {
  std::string url;
  std::string body;  // JSON
  // The header `idempotency-key`, the same for every attempt, so that the receiver recognises a
  // repetition.
  std::string idempotency_key;
  std::vector<Header> headers = {};  // further headers
  // Request::ignores_body.
  bool ignores_body = true;
  // The key that signs each attempt anew (signature.h). Empty: attempts are not signed.
  Secret signing_secret = Secret();
  // The name and the attributes of the span of each attempt. See span.h for what they may hold.
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
    kGivenUp,  // the time or the attempts are used up
    kDropped,  // this process stops
  };

  Outcome outcome = Outcome::kDropped;
  int attempts = 0;
  int http_status = 0;  // of the last attempt; 0 if it got no response
  std::string reason;   // if it got none: the error's reason, such as HTTP_UNREACHABLE
};

// `delivered`, `refused`, `given_up` or `dropped`.
const char* OutcomeName(DeliveryResult::Outcome outcome);

// Makes deliveries. Thread-safe. The awaiting task resumes on the client's thread or on a timer's
// thread, so its next steps must be short.
class DeliveryClient {
 public:
  // How long and how often to try.
  struct Limits {
    RetryPolicy retry = {};
    absl::Duration attempt_timeout = absl::Seconds(10);
    absl::Time give_up_at = absl::InfiniteFuture();  // of the constructor's clock
    std::function<void()> on_retry = nullptr;        // called before each attempt but the first
  };
  struct Attempt {
    absl::StatusOr<Response> response;  // see Client::Send
    std::optional<TraceContext> trace;  // of its span; nothing while tracing is off
  };

  // Both must outlive this. The owner must stop `client` after BeginStop. `clock` gives the time
  // for signatures and for `give_up_at`; all waits and deadlines use the system clock.
  DeliveryClient(Client& client, const Clock& clock) : client_(client), clock_(clock) {}
  DeliveryClient(const DeliveryClient&) = delete;
  DeliveryClient& operator=(const DeliveryClient&) = delete;

  // Makes one attempt, under a span in the awaiting task's trace, or in a new trace if the task has
  // none. `deadline` is a time of the system clock.
  Task<Attempt> Send(Delivery delivery, absl::Time deadline);

  // Makes attempts until the receiver accepts or refuses one, or until the limits or a stop end the
  // delivery.
  Task<DeliveryResult> Deliver(Delivery delivery, Limits limits);

  // Makes each delivery that waits for a retry make its next attempt now. No attempt starts after
  // `until` (a time of the system clock). Does not wait. May be called twice; the earlier time
  // counts.
  void BeginStop(absl::Time until);

 private:
  using Pause = Wakeup<bool>;

  bool IsStopping();
  // The outcome of a delivery that must not make another attempt after `delay`; nothing if it may.
  std::optional<DeliveryResult::Outcome> EndsBefore(absl::Duration delay, int attempts,
                                                    const Limits& limits);
  // Waits for `delay`, or until BeginStop. A delivery whose last attempt began after BeginStop
  // (`knew_of_stop`) waits for the whole delay: only the first attempt after BeginStop is
  // immediate.
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

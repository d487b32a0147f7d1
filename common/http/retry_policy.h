#ifndef VIBESTACK_COMMON_HTTP_RETRY_POLICY_H_
#define VIBESTACK_COMMON_HTTP_RETRY_POLICY_H_

#include <limits>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/http/message.h"

namespace vibestack::http {

// The outcome of one attempt of a delivery, by the response. Every delivery, of mails and of jobs,
// uses this table:
//
//   response                        outcome
//   2xx                             kAccepted
//   404, 408, 425, 429, 5xx         kRetryable  (n8n answers 404 while it starts)
//   every other 4xx                 kRefused
//   every other status              kRetryable  (redirects are not followed)
//   none                            kRetryable
//   none, since Client::Stop ran    kStopped
enum class AttemptOutcome {
  kAccepted,   // The receiver accepted it.
  kRetryable,  // A later attempt may succeed.
  kRefused,    // A later attempt would be refused again.
  kStopped,    // This process stops; the receiver may have accepted it.
};
AttemptOutcome Classify(const absl::StatusOr<Response>& response);

// When to repeat an attempt.
struct RetryPolicy {
  // The first wait. Each further wait is twice as long, up to `max_delay`, with jitter.
  absl::Duration first_delay = absl::Milliseconds(500);
  absl::Duration max_delay = absl::Minutes(1);
  // The limit for a Retry-After of the receiver.
  absl::Duration max_retry_after = absl::Minutes(5);
  int max_attempts = std::numeric_limits<int>::max();

  // The wait after `attempts` attempts (1 or more). At least `retry_after`, the receiver's
  // Retry-After, but of that no more than `max_retry_after`.
  absl::Duration Delay(int attempts, std::optional<absl::Duration> retry_after) const;

  // The wait for deliveries whose attempts are not counted, because several replicas make them. It
  // grows with `age`, the time since the delivery was created.
  absl::Duration DelayAtAge(absl::Duration age, std::optional<absl::Duration> retry_after) const;
};

}  // namespace vibestack::http

#endif  // VIBESTACK_COMMON_HTTP_RETRY_POLICY_H_

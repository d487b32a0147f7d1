#ifndef VIBESTACK_JOB_SERVICE_DISPATCH_CIRCUIT_BREAKER_H_
#define VIBESTACK_JOB_SERVICE_DISPATCH_CIRCUIT_BREAKER_H_

#include <optional>

#include "absl/time/time.h"

namespace vibestack::job_service {

// Limits the requests to a target that fails. kFailuresToOpen failures in a row open the circuit:
// no request may start for a pause, which doubles with each further failure. After the pause one
// request at a time may start. One success closes the circuit. Not thread-safe.
class CircuitBreaker {
 public:
  static constexpr int kFailuresToOpen = 5;
  static constexpr absl::Duration kFirstPause = absl::Seconds(1);
  static constexpr absl::Duration kLongestPause = absl::Seconds(30);
  static constexpr absl::Duration kLongestRetryAfter = absl::Minutes(1);

  // Records that the target works: it answered, whatever the answer.
  void RecordSuccess() { failures_ = 0; }

  // Records that the target failed. If `retry_after` is set, no request may start for this pause,
  // at most kLongestRetryAfter, even while the circuit is closed.
  void RecordFailure(absl::Time now, std::optional<absl::Duration> retry_after);

  // How many requests may start now, given the number of requests under way and the maximum of
  // concurrent requests.
  int FreeSlots(absl::Time now, int under_way, int max) const;

  // Whether the circuit is open.
  bool open() const { return failures_ >= kFailuresToOpen; }

  // Ends a pause and closes the circuit.
  void Reset();

  // Whether the circuit is open, or no request may start now.
  bool blocks(absl::Time now) const { return open() || now < paused_until_; }

  // The end of the last pause; InfinitePast() if there was none.
  absl::Time paused_until() const { return paused_until_; }

 private:
  int failures_ = 0;
  absl::Time paused_until_ = absl::InfinitePast();
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DISPATCH_CIRCUIT_BREAKER_H_

#ifndef VIBESTACK_JOB_SERVICE_DISPATCH_CIRCUIT_BREAKER_H_
#define VIBESTACK_JOB_SERVICE_DISPATCH_CIRCUIT_BREAKER_H_

#include <optional>

#include "absl/time/time.h"

namespace vibestack::job_service {

// Spares a target that fails. Some failures in a row open the circuit: no request is allowed for a
// pause, which doubles with each further failure. After a pause one request is allowed at a time.
// One success closes the circuit. Not thread-safe.
class CircuitBreaker {
 public:
  static constexpr int kFailuresToOpen = 5;
  static constexpr absl::Duration kFirstPause = absl::Seconds(1);
  static constexpr absl::Duration kLongestPause = absl::Seconds(30);

  // The target works, whatever its response was.
  void RecordSuccess() { failures_ = 0; }

  // The target fails. `retry_after` is the pause that it asked for. It gets this pause after the
  // first failure already, up to an hour.
  void RecordFailure(absl::Time now, std::optional<absl::Duration> retry_after);

  // How many more requests may start, if `under_way` requests are under way and `max` may be.
  int FreeSlots(absl::Time now, int under_way, int max) const;

  // Whether the target failed so often that it is spared.
  bool open() const { return failures_ >= kFailuresToOpen; }

  // The end of the last pause; InfinitePast() if there was none.
  absl::Time paused_until() const { return paused_until_; }

 private:
  int failures_ = 0;
  absl::Time paused_until_ = absl::InfinitePast();
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DISPATCH_CIRCUIT_BREAKER_H_

#ifndef VIBESTACK_JOB_SERVICE_DISPATCH_CIRCUIT_H_
#define VIBESTACK_JOB_SERVICE_DISPATCH_CIRCUIT_H_

#include <optional>

#include "absl/time/time.h"

namespace vibestack::job_service {

// Spares a target that does not work: after some failures in a row it is left alone for a while,
// which doubles, and then tried with one request until one goes well. Not thread-safe.
class Circuit {
 public:
  static constexpr int kFailuresToOpen = 5;
  static constexpr absl::Duration kFirstPause = absl::Seconds(1);
  static constexpr absl::Duration kLongestPause = absl::Seconds(30);

  // The target works, whatever it said.
  void Succeeded() { failures_ = 0; }

  // The target does not work; `retry_after` is how long it asked to be left alone, granted even
  // after a single failure, up to an hour.
  void Failed(absl::Time now, std::optional<absl::Duration> retry_after);

  // How many more requests may begin, of `max` at once of which `under_way` are.
  int Allowance(absl::Time now, int under_way, int max) const;

  // Whether the target has failed so often that it is left alone between tries.
  bool open() const { return failures_ >= kFailuresToOpen; }

  // Until when it is left alone; InfinitePast() when it never was.
  absl::Time paused_until() const { return paused_until_; }

 private:
  int failures_ = 0;
  absl::Time paused_until_ = absl::InfinitePast();
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DISPATCH_CIRCUIT_H_

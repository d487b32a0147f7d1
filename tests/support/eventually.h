#ifndef VIBESTACK_TESTS_SUPPORT_EVENTUALLY_H_
#define VIBESTACK_TESTS_SUPPORT_EVENTUALLY_H_

#include <functional>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace vibestack {

// Asks every few milliseconds until the condition holds; whether it did within `limit`. The way
// tests wait: for a condition, never for a time.
inline bool Eventually(absl::Duration limit, const std::function<bool()>& condition) {
  const absl::Time deadline = absl::Now() + limit;
  while (!condition()) {
    if (absl::Now() > deadline) return false;
    absl::SleepFor(absl::Milliseconds(3));
  }
  return true;
}

}  // namespace vibestack

#endif  // VIBESTACK_TESTS_SUPPORT_EVENTUALLY_H_

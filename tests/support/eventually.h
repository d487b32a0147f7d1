#ifndef VIBESTACK_TESTS_SUPPORT_EVENTUALLY_H_
#define VIBESTACK_TESTS_SUPPORT_EVENTUALLY_H_

#include <functional>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace vibestack {

// Evaluates the condition every few milliseconds until it is true. Returns false if it is not true
// within `limit`. Tests wait by this for conditions, and never for a fixed time.
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

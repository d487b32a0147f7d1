#ifndef VIBESTACK_COMMON_BASE_RANDOM_H_
#define VIBESTACK_COMMON_BASE_RANDOM_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace vibestack {

// Returns `size` cryptographically secure random bytes. Thread-safe. Aborts the process when the
// system provides no randomness, since nothing would be safe.
std::string RandomBytes(int size);

// The delay before retry number `attempt` (0 for the first): random, between 50 % and 100 % of
// `base` doubled per attempt, at most `limit`. The jitter keeps clients from retrying all at once.
absl::Duration BackoffWithJitter(int attempt, absl::Duration base, absl::Duration limit);

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_BASE_RANDOM_H_

#ifndef VIBESTACK_COMMON_BASE_RANDOM_H_
#define VIBESTACK_COMMON_BASE_RANDOM_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace vibestack {

// Returns `size` cryptographically secure random bytes. Thread-safe. Aborts the process when the
// system provides no randomness, because nothing is secure then.
std::string RandomBytes(int size);

// The delay before retry number `attempt` (0 for the first): random between 50 % and 100 % of
// min(`limit`, `base` * 2^`attempt`). The jitter keeps clients from retrying all at once.
absl::Duration BackoffWithJitter(int attempt, absl::Duration base, absl::Duration limit);

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_BASE_RANDOM_H_

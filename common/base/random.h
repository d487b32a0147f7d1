#ifndef VIBESTACK_COMMON_BASE_RANDOM_H_
#define VIBESTACK_COMMON_BASE_RANDOM_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace vibestack {

// `size` bytes fit for keys and ids. Thread-safe. Ends the process if the system has no randomness
// to give, for nothing safe could be done then.
std::string RandomBytes(int size);

// The wait before retry number `attempt` (0 for the first): a random time between half and all of
// `base` doubled per attempt, never above `limit`. Full herds never come back together.
absl::Duration BackoffWithJitter(int attempt, absl::Duration base, absl::Duration limit);

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_BASE_RANDOM_H_

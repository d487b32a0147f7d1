#ifndef VIBESTACK_TESTS_BENCH_HASH_RATE_H_
#define VIBESTACK_TESTS_BENCH_HASH_RATE_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace vibestack::bench {

// How many passwords a second `threads` threads compare that do nothing else: what a login cannot
// beat. Blocking.
absl::StatusOr<double> HashRate(int cost, int threads, absl::Duration duration);

}  // namespace vibestack::bench

#endif  // VIBESTACK_TESTS_BENCH_HASH_RATE_H_

#ifndef VIBESTACK_TESTS_BENCH_LOAD_H_
#define VIBESTACK_TESTS_BENCH_LOAD_H_

#include <grpcpp/channel.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/bench/call.h"

namespace vibestack::bench {

struct LoadOptions {
  // Calls kept in flight: a closed loop, each answer starts the next call.
  int in_flight = 1;
  // Runs before the measurement, for caches and connections to fill.
  absl::Duration warm_up = absl::Seconds(1);
  absl::Duration duration = absl::Seconds(4);
  absl::Duration call_timeout = absl::Seconds(10);
  // Above zero: each call begins that long after the one before did, or when that one has ended.
  absl::Duration interval = absl::ZeroDuration();
};

// Of the calls that ended within the measured time.
struct LoadResult {
  int64_t calls = 0;
  double calls_per_second = 0;
  double p50_micros = 0;
  double p99_micros = 0;
  // What this process used of the cores, for each call.
  double client_cpu_micros = 0;
};

// Connects `count` connections of their own to `address`; waits up to ten seconds for each.
absl::StatusOr<std::vector<std::shared_ptr<grpc::Channel>>> Connect(const std::string& address,
                                                                    int count);

// Runs the load, blocking. The first wrong or failed answer ends it with that error.
absl::StatusOr<LoadResult> RunLoad(const std::vector<std::shared_ptr<grpc::Channel>>& channels,
                                   const Call& call, const LoadOptions& options);

}  // namespace vibestack::bench

#endif  // VIBESTACK_TESTS_BENCH_LOAD_H_

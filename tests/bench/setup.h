#ifndef VIBESTACK_TESTS_BENCH_SETUP_H_
#define VIBESTACK_TESTS_BENCH_SETUP_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace vibestack::bench {

// Of every user that SignUp makes.
inline constexpr char kBenchPassword[] = "only-for-the-benchmark";

// Waits until the server at `address` (HOST:PORT, IPv4) reports SERVING for the health service
// "readiness" and returns the reading of CLOCK_MONOTONIC then, in nanoseconds. The port may be
// closed at first; it is tried every millisecond, which gRPC's own backoff would not do.
// DEADLINE_EXCEEDED after `timeout`.
absl::StatusOr<int64_t> AwaitReadiness(const std::string& address, absl::Duration timeout);

struct Session {
  std::string user_id;
  std::string access_token;
};

// Signs up a user of this email and logs in.
absl::StatusOr<Session> SignUp(const std::string& address, const std::string& email);

}  // namespace vibestack::bench

#endif  // VIBESTACK_TESTS_BENCH_SETUP_H_

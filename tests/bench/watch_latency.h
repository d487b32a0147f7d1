#ifndef VIBESTACK_TESTS_BENCH_WATCH_LATENCY_H_
#define VIBESTACK_TESTS_BENCH_WATCH_LATENCY_H_

#include <grpcpp/channel.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace vibestack::bench {

struct WatchOptions {
  std::string user_token;
  std::string worker_token;
  int watchers = 1'000;
  // The jobs that the watchers watch in equal shares: one for each watcher, or one for all.
  int jobs = 1'000;
  int changes = 300;
};

struct WatchLatency {
  // From the start of ReportProgress until each watcher of the job has read the change.
  std::vector<float> change_micros;
  // From the start of ReportProgress until its answer.
  std::vector<float> answer_micros;
};

// Opens a WatchJob stream for each watcher, then reports progress of one job after the other.
absl::StatusOr<WatchLatency> MeasureWatch(
    const std::vector<std::shared_ptr<grpc::Channel>>& channels, const WatchOptions& options);

}  // namespace vibestack::bench

#endif  // VIBESTACK_TESTS_BENCH_WATCH_LATENCY_H_

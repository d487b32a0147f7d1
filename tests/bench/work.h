#ifndef VIBESTACK_TESTS_BENCH_WORK_H_
#define VIBESTACK_TESTS_BENCH_WORK_H_

#include <grpcpp/channel.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace vibestack::bench {

struct WorkOptions {
  std::string token;  // A service's.
  std::string workflow_id = "bench";
  int workers = 1;  // Each has one call under way at a time.
  int batch = 100;  // Jobs in one call.
  int jobs = 0;     // All that are pending; a multiple of workers × batch.
};

// Works off pending jobs: each worker claims a batch and completes it, again and again, until all
// of them are done. Jobs a second. INTERNAL when a claim or an outcome is not as it should be.
absl::StatusOr<double> WorkOff(const std::vector<std::shared_ptr<grpc::Channel>>& channels,
                               const WorkOptions& options);

}  // namespace vibestack::bench

#endif  // VIBESTACK_TESTS_BENCH_WORK_H_

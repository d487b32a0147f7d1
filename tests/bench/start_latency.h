#ifndef VIBESTACK_TESTS_BENCH_START_LATENCY_H_
#define VIBESTACK_TESTS_BENCH_START_LATENCY_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/bench/job_caller.h"

namespace vibestack::bench {

struct StartLatency {
  // From the begin of CreateJob until the waiting worker has the job.
  std::vector<float> start_micros;
  // Until CreateJob was answered.
  std::vector<float> answer_micros;
};

// Makes so many jobs, one after the other, each `pause` after the worker waits for the next one.
// Caller and worker may be connected to different replicas.
absl::StatusOr<StartLatency> MeasureStart(const JobCaller& user, const JobCaller& worker, int jobs,
                                          absl::Duration pause);

}  // namespace vibestack::bench

#endif  // VIBESTACK_TESTS_BENCH_START_LATENCY_H_

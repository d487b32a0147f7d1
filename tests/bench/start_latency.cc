#include "tests/bench/start_latency.h"

#include <future>
#include <string>

#include "absl/time/clock.h"

namespace vibestack::bench {
namespace {

constexpr char kWorkflow[] = "start";

struct Started {
  std::string job_id;
  SteadyClock::time_point at;
};

absl::StatusOr<Started> ClaimOne(const JobCaller& worker) {
  const auto claimed = ClaimJobs(worker, kWorkflow, 1);
  const SteadyClock::time_point now = SteadyClock::now();
  if (!claimed.ok()) return claimed.status();
  return Started{claimed->front().job().id(), now};
}

}  // namespace

absl::StatusOr<StartLatency> MeasureStart(const JobCaller& user, const JobCaller& worker, int jobs,
                                          absl::Duration pause) {
  StartLatency latency;
  job::v1::CreateJobRequest request;
  request.set_workflow_id(kWorkflow);
  for (int i = 0; i < jobs; ++i) {
    auto claim = std::async(std::launch::async, [&worker] { return ClaimOne(worker); });
    absl::SleepFor(pause);  // The worker is idle then, and so is everything else.
    const SteadyClock::time_point begin = SteadyClock::now();
    const auto job = user.Call(&JobCaller::Stub::CreateJob, request);
    const SteadyClock::time_point answered = SteadyClock::now();
    const absl::StatusOr<Started> started = claim.get();
    if (!job.ok()) return job.status();
    if (!started.ok()) return started.status();
    if (started->job_id != job->id()) return absl::InternalError("another job was claimed");
    latency.start_micros.push_back(MicrosBetween(begin, started->at));
    latency.answer_micros.push_back(MicrosBetween(begin, answered));
  }
  return latency;
}

}  // namespace vibestack::bench

#include "tests/bench/work.h"

#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/bench/job_caller.h"

namespace vibestack::bench {
namespace {

absl::Status Finish(const JobCaller& worker, const std::vector<job::v1::ClaimedJob>& claimed) {
  job::v1::BatchFinishJobsRequest request;
  for (const job::v1::ClaimedJob& job : claimed) {
    job::v1::CompleteJobRequest& complete = *request.add_outcomes()->mutable_complete();
    complete.set_id(job.job().id());
    complete.set_lease_token(job.lease_token());
    complete.set_result_json(R"({"ok": true})");
  }
  const auto response = worker.Call(&JobCaller::Stub::BatchFinishJobs, request);
  if (!response.ok()) return response.status();
  if (response->results_size() != request.outcomes_size()) {
    return absl::InternalError("BatchFinishJobs: not as many results as outcomes");
  }
  for (const job::v1::FinishResult& result : response->results()) {
    if (result.has_error()) {
      return absl::InternalError(absl::StrCat("BatchFinishJobs: ", result.error().message()));
    }
  }
  return absl::OkStatus();
}

absl::Status Work(const JobCaller& worker, const WorkOptions& options) {
  for (int left = options.jobs / options.workers; left > 0;) {
    const auto claimed = ClaimJobs(worker, options.workflow_id, options.batch);
    if (!claimed.ok()) return claimed.status();
    const absl::Status finished = Finish(worker, *claimed);
    if (!finished.ok()) return finished;
    left -= static_cast<int>(claimed->size());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<double> WorkOff(const std::vector<std::shared_ptr<grpc::Channel>>& channels,
                               const WorkOptions& options) {
  std::vector<absl::Status> outcomes(static_cast<size_t>(options.workers));
  std::vector<std::thread> threads;
  const SteadyClock::time_point start = SteadyClock::now();
  for (size_t i = 0; i < outcomes.size(); ++i) {
    threads.emplace_back([&, i] {
      outcomes[i] = Work(JobCaller(channels[i % channels.size()], options.token), options);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds = MicrosBetween(start, SteadyClock::now()) / 1e6;
  for (const absl::Status& outcome : outcomes) {
    if (!outcome.ok()) return outcome;
  }
  return options.jobs / seconds;
}

}  // namespace vibestack::bench

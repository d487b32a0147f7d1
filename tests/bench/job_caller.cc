#include "tests/bench/job_caller.h"

namespace vibestack::bench {
namespace {

constexpr std::chrono::seconds kTimeout(60);
constexpr int kWaitSeconds = 50;

}  // namespace

void JobCaller::Prepare(grpc::ClientContext& context) const {
  context.set_deadline(std::chrono::system_clock::now() + kTimeout);
  context.AddMetadata("authorization", "Bearer " + token_);
}

absl::Status MakeJobs(const JobCaller& user, const std::string& workflow_id, int count) {
  job::v1::BatchCreateJobsRequest request;
  for (int i = 0; i < count; ++i) request.add_requests()->set_workflow_id(workflow_id);
  return user.Call(&JobCaller::Stub::BatchCreateJobs, request).status();
}

absl::StatusOr<std::vector<job::v1::ClaimedJob>> ClaimJobs(const JobCaller& worker,
                                                           const std::string& workflow_id,
                                                           int count) {
  job::v1::ClaimJobsRequest request;
  request.add_workflow_ids(workflow_id);
  request.set_max_jobs(count);
  request.mutable_wait()->set_seconds(kWaitSeconds);
  auto response = worker.Call(&JobCaller::Stub::ClaimJobs, request);
  if (!response.ok()) return response.status();
  if (response->jobs().empty()) return absl::NotFoundError("ClaimJobs: no job came");
  return std::vector<job::v1::ClaimedJob>(
      std::make_move_iterator(response->mutable_jobs()->begin()),
      std::make_move_iterator(response->mutable_jobs()->end()));
}

}  // namespace vibestack::bench

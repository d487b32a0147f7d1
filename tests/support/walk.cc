#include "tests/support/walk.h"

#include <algorithm>

namespace vibestack::e2e {

job::v1::Job CreateJob(Services& services, const Person& person, const std::string& workflow_id) {
  job::v1::CreateJobRequest request;
  request.set_workflow_id(workflow_id);
  const auto job =
      Call(services.jobs(), &JobService::Stub::CreateJob, request, {.token = person.access_token});
  EXPECT_TRUE(job.ok()) << Describe(job.status);
  return job.value;
}

job::v1::ClaimedJob ClaimJob(Services& services, const std::string& workflow_id) {
  job::v1::ClaimJobsRequest request;
  request.add_workflow_ids(workflow_id);
  request.mutable_wait()->set_seconds(10);
  const auto claimed = Call(services.jobs(), &JobService::Stub::ClaimJobs, request,
                            {.token = services.service_token()});
  EXPECT_TRUE(claimed.ok()) << Describe(claimed.status);
  EXPECT_EQ(claimed.value.jobs_size(), 1);
  return claimed.value.jobs_size() == 1 ? claimed.value.jobs(0) : job::v1::ClaimedJob();
}

job::v1::ClaimedJob CreateAndClaim(Services& services, const Person& person) {
  const std::string workflow_id = "workflow-" + NewUuid();
  const job::v1::Job created = CreateJob(services, person, workflow_id);
  job::v1::ClaimedJob claimed = ClaimJob(services, workflow_id);
  EXPECT_EQ(claimed.job().id(), created.id());
  return claimed;
}

std::vector<job::v1::ClaimedJob> CreateAndClaimMany(Services& services, const Person& person,
                                                    const std::string& workflow_id, int count) {
  constexpr int kBatch = 1'000;
  for (int made = 0; made < count; made += kBatch) {
    job::v1::BatchCreateJobsRequest create;
    for (int i = made; i < std::min(count, made + kBatch); ++i) {
      create.add_requests()->set_workflow_id(workflow_id);
    }
    const auto created = Call(services.jobs(), &JobService::Stub::BatchCreateJobs, create,
                              {.token = person.access_token});
    EXPECT_TRUE(created.ok()) << Describe(created.status);
  }
  std::vector<job::v1::ClaimedJob> jobs;
  job::v1::ClaimJobsRequest claim;
  claim.add_workflow_ids(workflow_id);
  claim.set_max_jobs(kBatch);
  while (static_cast<int>(jobs.size()) < count) {
    const auto claimed = Call(services.jobs(), &JobService::Stub::ClaimJobs, claim,
                              {.token = services.service_token()});
    EXPECT_TRUE(claimed.ok()) << Describe(claimed.status);
    if (claimed.value.jobs().empty()) break;
    jobs.insert(jobs.end(), claimed.value.jobs().begin(), claimed.value.jobs().end());
  }
  EXPECT_EQ(jobs.size(), static_cast<size_t>(count));
  return jobs;
}

Result<job::v1::Job> Complete(Services& services, const job::v1::ClaimedJob& claimed,
                              const std::string& result_json) {
  job::v1::CompleteJobRequest request;
  request.set_id(claimed.job().id());
  request.set_lease_token(claimed.lease_token());
  request.set_result_json(result_json);
  return Call(services.jobs(), &JobService::Stub::CompleteJob, request,
              {.token = services.service_token()});
}

Result<job::v1::Job> GetJob(Services& services, const std::string& token, const std::string& id,
                            job::v1::JobView view) {
  job::v1::GetJobRequest request;
  request.set_id(id);
  request.set_view(view);
  return Call(services.jobs(), &JobService::Stub::GetJob, request, {.token = token});
}

}  // namespace vibestack::e2e

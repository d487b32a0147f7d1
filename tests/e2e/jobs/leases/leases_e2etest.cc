// Leases: a job has one worker at a time, and a late worker writes nothing.
#include <gmock/gmock.h>

#include <map>
#include <mutex>
#include <thread>

#include "tests/support/database.h"
#include "tests/support/walk.h"

namespace vibestack::e2e {
namespace {

TEST(Leases, TwoWorkersNeverGetTheSameJob) {
  constexpr int kJobs = 400;
  constexpr int kWorkers = 12;
  Services services({.job_replicas = 2});
  const std::string workflow = "crowd-" + NewUuid();
  job::v1::BatchCreateJobsRequest create;
  for (int i = 0; i < kJobs; ++i) create.add_requests()->set_workflow_id(workflow);
  ASSERT_TRUE(Call(services.jobs(), &JobService::Stub::BatchCreateJobs, create,
                   {.token = services.SignUp().access_token})
                  .ok());

  std::mutex mutex;
  std::map<std::string, int> times_claimed;
  const auto work = [&](int worker) {
    const auto stub = JobService::NewStub(Connect(services.job(worker % 2).address()));
    job::v1::ClaimJobsRequest request;
    request.add_workflow_ids(workflow);
    request.set_max_jobs(1 + worker % 5);
    while (true) {
      const auto claimed =
          Call(*stub, &JobService::Stub::ClaimJobs, request, {.token = services.service_token()});
      EXPECT_LE(claimed.value.jobs_size(), request.max_jobs());
      if (!claimed.ok() || claimed.value.jobs().empty()) return;
      const std::lock_guard<std::mutex> lock(mutex);
      for (const auto& job : claimed.value.jobs()) ++times_claimed[job.job().id()];
    }
  };
  std::vector<std::thread> workers;
  workers.reserve(kWorkers);
  for (int i = 0; i < kWorkers; ++i) workers.emplace_back(work, i);
  for (std::thread& worker : workers) worker.join();

  EXPECT_EQ(times_claimed.size(), static_cast<size_t>(kJobs));
  for (const auto& [id, times] : times_claimed) EXPECT_EQ(times, 1) << id;
}

TEST(Leases, ExpiredLeaseIsClaimableAgainAndLateWorkerIsAborted) {
  Services services({.job_flags = {"--lease_duration=1s", "--sweep_interval=100ms"}});
  const Person person = services.SignUp();
  const job::v1::ClaimedJob late = CreateAndClaim(services, person);
  // This claim waits until the sweeper makes the job pending, and then for the backoff.
  const job::v1::ClaimedJob newer = ClaimJob(services, late.job().workflow_id());
  EXPECT_EQ(newer.job().id(), late.job().id());
  EXPECT_GT(newer.lease_token(), late.lease_token());

  const auto overwrite = Complete(services, late, R"("late")");
  EXPECT_EQ(overwrite.code(), grpc::ABORTED);
  EXPECT_EQ(overwrite.reason(), "LEASE_LOST");
  ASSERT_TRUE(Complete(services, newer, R"("right")").ok());
  EXPECT_EQ(Complete(services, late, R"("late")").code(), grpc::ABORTED);
  const auto stored = GetJob(services, person.access_token, late.job().id(), job::v1::EXACT);
  EXPECT_EQ(stored.value.result_json(), R"("right")");
}

TEST(Leases, HeartbeatKeepsTheLeaseAndReplacesTheToken) {
  Services services({.job_flags = {"--lease_duration=1s", "--sweep_interval=100ms"}});
  const job::v1::ClaimedJob claimed = CreateAndClaim(services, services.SignUp());
  job::v1::HeartbeatJobsRequest request;
  auto& lease = *request.add_leases();
  lease.set_job_id(claimed.job().id());
  lease.set_lease_token(claimed.lease_token());
  // Sends heartbeats for the duration of three leases.
  const absl::Time until = absl::Now() + absl::Seconds(3);
  ASSERT_TRUE(Eventually(absl::Seconds(10), [&] {
    const auto beat = Call(services.jobs(), &JobService::Stub::HeartbeatJobs, request,
                           {.token = services.service_token()});
    EXPECT_EQ(beat.value.results_size(), 1);
    EXPECT_FALSE(beat.value.results(0).has_error()) << beat.value.ShortDebugString();
    EXPECT_GT(beat.value.results(0).lease_token(), lease.lease_token());
    lease.set_lease_token(beat.value.results(0).lease_token());
    return testing::Test::HasFailure() || absl::Now() > until;
  }));
  EXPECT_EQ(Complete(services, claimed, "1").reason(), "LEASE_LOST");
  job::v1::ClaimedJob present = claimed;
  present.set_lease_token(lease.lease_token());
  EXPECT_TRUE(Complete(services, present, "2").ok());
}

TEST(Leases, EachHeartbeatAnswersByItself) {
  Services services;
  const job::v1::ClaimedJob claimed = CreateAndClaim(services, services.SignUp());
  job::v1::HeartbeatJobsRequest request;
  const std::string missing = NewUuid();
  const std::pair<std::string, int64_t> leases[] = {{missing, 1}, {claimed.job().id(), 0}};
  for (const auto& [id, offset] : leases) {
    auto& lease = *request.add_leases();
    lease.set_job_id(id);
    lease.set_lease_token(claimed.lease_token() + offset);
  }
  const auto beat = Call(services.jobs(), &JobService::Stub::HeartbeatJobs, request,
                         {.token = services.service_token()});
  ASSERT_TRUE(beat.ok()) << Describe(beat.status);
  ASSERT_EQ(beat.value.results_size(), 2);
  EXPECT_EQ(beat.value.results(0).job_id(), missing);
  EXPECT_EQ(beat.value.results(0).error().code(), grpc::NOT_FOUND);
  EXPECT_EQ(beat.value.results(0).lease_token(), 0);
  EXPECT_EQ(beat.value.results(0).error().details_size(), 2);  // ErrorInfo and ResourceInfo
  EXPECT_FALSE(beat.value.results(1).has_error());
  EXPECT_GT(beat.value.results(1).lease_token(), claimed.lease_token());
}

TEST(Leases, WaitingClaimWakesForAJobThatAForeignProgramInserted) {
  Services services({.job_flags = {"--poll_interval=60s"}});
  const Person person = services.SignUp();
  const std::string workflow = "foreign-" + NewUuid();
  const std::string id = NewUuid();
  std::thread foreign([&] {
    Database database;
    // The claim either waits by then and is woken, or comes later and finds the job. In both cases
    // it must get the job.
    database.Run("SELECT pg_sleep(0.3)");
    database.Run("INSERT INTO agent_jobs (id, user_id, workflow_id, status) VALUES ('" + id +
                 "', '" + person.id + "', '" + workflow + "', NULL)");
  });
  const absl::Time began = absl::Now();
  const job::v1::ClaimedJob claimed = ClaimJob(services, workflow);
  foreign.join();
  EXPECT_EQ(claimed.job().id(), id);
  EXPECT_LT(absl::Now() - began, absl::Seconds(5));
}

}  // namespace
}  // namespace vibestack::e2e

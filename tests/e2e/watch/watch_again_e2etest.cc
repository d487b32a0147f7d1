// A replica is killed while clients watch. Clients that watch again miss nothing.
#include <gmock/gmock.h>

#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "tests/support/database.h"
#include "tests/support/stream.h"
#include "tests/support/walk.h"

namespace vibestack::e2e {
namespace {

using job::v1::Job;
using job::v1::WatchJobsResponse;

constexpr absl::Duration kLong = absl::Seconds(60);

class WatchAgain : public testing::Test {
 protected:
  // Watches one job, and watches again whenever the stream breaks. Returns the job's last state.
  Job WatchToTheEnd(const std::string& id) {
    job::v1::WatchJobRequest request;
    request.set_id(id);
    const auto stub = JobService::NewStub(Connect(services_.job(0).address()));
    Job last;
    EXPECT_TRUE(Eventually(kLong, [&] {
      Stream<Job> stream(
          [&](grpc::ClientContext* context, grpc::ClientReadReactor<Job>* reader) {
            stub->async()->WatchJob(context, &request, reader);
          },
          {.token = services_.service_token(), .timeout = kLong});
      while (const auto job = stream.Next(kLong)) {
        EXPECT_GE(Micros(*job), Micros(last)) << "an older state after a newer one";
        if (job->status() != last.status()) ++changes_;
        last = *job;
      }
      return stream.End(kLong).value_or(grpc::Status::CANCELLED).ok();
    })) << id;
    return last;
  }
  static int64_t Micros(const Job& job) {
    return job.updated_at().seconds() * 1'000'000 + job.updated_at().nanos() / 1'000;
  }

  // Completes the job on the replica that is not killed.
  void CompleteElsewhere(const job::v1::ClaimedJob& claimed, const std::string& result) {
    const auto stub = JobService::NewStub(services_.job(1).channel());
    job::v1::CompleteJobRequest request;
    request.set_id(claimed.job().id());
    request.set_lease_token(claimed.lease_token());
    request.set_result_json(result);
    const auto done =
        Call(*stub, &JobService::Stub::CompleteJob, request, {.token = services_.service_token()});
    EXPECT_TRUE(done.ok()) << Describe(done.status);
  }

  // The jobs that a watch of all jobs sends up to `caught_up`.
  std::map<std::string, Job> OpenJobs() {
    job::v1::WatchJobsRequest request;
    std::map<std::string, Job> jobs;
    Stream<WatchJobsResponse> stream(
        [&](grpc::ClientContext* context, grpc::ClientReadReactor<WatchJobsResponse>* reader) {
          services_.jobs().async()->WatchJobs(context, &request, reader);
        },
        {.token = person_.access_token});
    while (const auto message = stream.Next()) {
      for (const Job& job : message->jobs()) jobs[job.id()] = job;
      if (message->caught_up()) return jobs;
    }
    ADD_FAILURE() << "never caught up: " << stream.EndReason(absl::ZeroDuration());
    return jobs;
  }

  Services services_{{.job_flags = {"--poll_interval=1h"}, .job_replicas = 2}};
  const Person person_ = services_.SignUp();
  std::atomic<int> changes_ = 0;
};

TEST_F(WatchAgain, WatchersOfAJobHearItsEndHoweverOftenTheirReplicaIsKilled) {
  constexpr int kWatchers = 30;
  const auto claimed = CreateAndClaimMany(services_, person_, "watched", kWatchers);
  std::vector<Job> ends(kWatchers);
  std::vector<std::thread> watchers;
  watchers.reserve(kWatchers);
  for (int i = 0; i < kWatchers; ++i) {
    watchers.emplace_back([&, i] { ends[i] = WatchToTheEnd(claimed[i].job().id()); });
  }
  EXPECT_TRUE(Eventually(kLong, [&] { return changes_ == kWatchers; }));
  for (int round = 0; round < 3; ++round) {
    services_.job(0).process().Kill();
    // Complete a third of the jobs while the replica is down, just before, or just after.
    for (int i = round; i < kWatchers; i += 3) {
      if (i / 3 == kWatchers / 6) services_.job(0).Start();
      CompleteElsewhere(claimed[i], std::to_string(i));
    }
    if (services_.job(0).process().ExitCode().has_value()) services_.job(0).Start();
    services_.job(0).AwaitReady();
  }
  for (std::thread& watcher : watchers) watcher.join();
  for (int i = 0; i < kWatchers; ++i) {
    EXPECT_EQ(ends[i].status(), Job::COMPLETED);
    EXPECT_EQ(ends[i].result_payload().number_value(), i);
  }
}

TEST_F(WatchAgain, AWatcherOfManyJobsThatComesBackFindsOutAboutEveryJobThatItKnew) {
  const auto claimed = CreateAndClaimMany(services_, person_, "watched", 30);
  const auto known = OpenJobs();
  ASSERT_EQ(known.size(), claimed.size());
  services_.job(0).process().Kill();
  Database database;
  for (int i = 0; i < 30; ++i) {
    if (i % 3 == 0) CompleteElsewhere(claimed[i], std::to_string(i));
    if (i % 3 == 1) {
      database.Run("DELETE FROM agent_jobs WHERE id = '" + claimed[i].job().id() + "'");
    }
  }
  services_.job(0).Start();
  services_.job(0).AwaitReady();
  const auto open = OpenJobs();
  job::v1::BatchGetJobsRequest request;
  for (const auto& [id, job] : known) {
    if (!open.contains(id)) request.add_ids(id);
  }
  const auto others = Call(services_.jobs(), &JobService::Stub::BatchGetJobs, request,
                           {.token = person_.access_token});
  ASSERT_TRUE(others.ok()) << Describe(others.status);
  EXPECT_EQ(open.size(), 10U);
  EXPECT_EQ(others.value.jobs_size(), 10);
  for (const Job& job : others.value.jobs()) EXPECT_EQ(job.status(), Job::COMPLETED);
  EXPECT_EQ(others.value.missing_ids_size(), 10);
}

}  // namespace
}  // namespace vibestack::e2e

// Several replicas that push, and crashes in between.
#include <atomic>
#include <map>
#include <mutex>

#include "tests/e2e/push/push_fixture.h"
#include "tests/support/database.h"

namespace vibestack::e2e {
namespace {

using job::v1::Job;
using PushReplicas = PushTest;

TEST_F(PushReplicas, TwoReplicasPostEachJobOnce) {
  constexpr int kJobs = 200;
  Serve([](const Received&) { return Reply{.body = "1"}; },
        R"(, "completion": "RESPONSE", "timeout": "30s")", 2);
  job::v1::BatchCreateJobsRequest create;
  for (int i = 0; i < kJobs; ++i) create.add_requests()->set_workflow_id("pushed");
  const auto created = Call(services_->jobs(), &JobService::Stub::BatchCreateJobs, create,
                            {.token = person_.access_token});
  ASSERT_TRUE(created.ok());
  for (const Job& job : created.value.jobs()) {
    EXPECT_EQ(AwaitEnd(job.id()).status(), Job::COMPLETED);
  }
  std::map<std::string, int> posts;
  for (const Received& request : receiver_->received()) {
    ++posts[request.headers.at("idempotency-key")];
  }
  EXPECT_EQ(posts.size(), static_cast<size_t>(kJobs));
  for (const auto& [id, times] : posts) EXPECT_EQ(times, 1) << id;
}

TEST_F(PushReplicas, AJobWhoseReplicaIsKilledInItsDispatchIsPostedAgainByAnother) {
  std::mutex mutex;
  std::map<std::string, int> times;
  Serve(
      [&](const Received& request) {
        bool first = false;
        {
          const std::lock_guard<std::mutex> lock(mutex);
          first = times[request.headers.at("idempotency-key")]++ == 0;
        }
        if (first) released_.WaitForNotification();
        return Reply{.body = "\"again\""};
      },
      R"(, "completion": "RESPONSE", "timeout": "2s")", 2);
  // Only the first replica runs, so that it posts the job.
  services_->job(1).process().Kill();
  const std::string id = Create();
  ASSERT_TRUE(AwaitPosts(1));
  services_->job(0).process().Kill();
  const absl::Time killed = absl::Now();
  services_->job(0).Start();
  services_->job(1).Start();
  services_->job(0).AwaitReady();
  const Job job = AwaitEnd(id);
  released_.Notify();
  EXPECT_EQ(job.status(), Job::COMPLETED);
  EXPECT_EQ(job.result_json(), "\"again\"");
  // The second post came only after the request of the killed replica had timed out, and from one
  // replica only.
  EXPECT_GT(absl::Now() - killed, absl::Seconds(2));
  const std::lock_guard<std::mutex> lock(mutex);
  EXPECT_EQ(times[KeyOf(id)], 2);
}

TEST_F(PushReplicas, ARunWhoseReplicaIsKilledBeforeItHeardOfTheAcceptanceEndsOnce) {
  Serve(
      [&](const Received&) {
        released_.WaitForNotification();
        return Reply();
      },
      R"(, "timeout": "2s")");
  const std::string id = Create();
  ASSERT_TRUE(AwaitPosts(1));
  services_->job().process().Kill();
  released_.Notify();
  services_->job().Start();
  services_->job().AwaitReady();
  ASSERT_TRUE(AwaitPosts(2));
  // The callback tokens of both runs are valid; the first callback wins.
  EXPECT_TRUE(CallBack(id, TokenOf(receiver_->received().at(0)), "\"one\"").ok());
  EXPECT_EQ(CallBack(id, TokenOf(receiver_->received().at(1)), "\"two\"").reason(), "JOB_TERMINAL");
  EXPECT_EQ(AwaitEnd(id).result_json(), "\"one\"");
}

TEST_F(PushReplicas, AStoppedReplicaHandsOverAndNothingIsLost) {
  std::atomic<int> asked{0};
  Serve([&](const Received&) { return asked++ < 2 ? Reply{.status = 503} : Reply{.body = "1"}; },
        R"(, "completion": "RESPONSE", "timeout": "1s")");
  const std::string id = Create();
  ASSERT_TRUE(AwaitPosts(1));
  services_->job().process().Signal(SIGTERM);
  EXPECT_EQ(services_->job().process().AwaitExit(absl::Seconds(20)), 0);
  services_->job().Start();
  services_->job().AwaitReady();
  EXPECT_EQ(AwaitEnd(id).status(), Job::COMPLETED);
}

// n8n answers 404 while it starts.
TEST_F(PushReplicas, AThousandJobsOutlastTheRestartOfTheirTarget) {
  constexpr int kJobs = 1'000;
  std::atomic<bool> up = false;
  std::mutex mutex;
  std::map<std::string, int> accepted;
  std::vector<Received> runs;
  Serve(
      [&](const Received& request) {
        if (!up) {
          ++asked_;
          return Reply{.status = 404};
        }
        const std::lock_guard<std::mutex> lock(mutex);
        ++accepted[request.headers.at("idempotency-key")];
        runs.push_back(request);
        return Reply();
      },
      R"(, "max_concurrent": 8)", 2);
  job::v1::BatchCreateJobsRequest batch;
  for (int i = 0; i < kJobs; ++i) batch.add_requests()->set_workflow_id("pushed");
  ASSERT_TRUE(Call(services_->jobs(), &JobService::Stub::BatchCreateJobs, batch,
                   {.token = person_.access_token})
                  .ok());
  // The first requests of both replicas, and some after a pause of the circuit breaker.
  ASSERT_TRUE(Eventually(absl::Seconds(20), [this] { return asked_ >= 19; }));
  up = true;
  const auto take_runs = [&] {
    const std::lock_guard<std::mutex> lock(mutex);
    return std::exchange(runs, {});
  };
  int called_back = 0;
  EXPECT_TRUE(Eventually(absl::Seconds(60), [&] {
    for (const Received& run : take_runs()) {
      const std::string id = Member(run.body, "job_id");
      EXPECT_TRUE(CallBack(id, TokenOf(run), '"' + id + '"').ok());
      ++called_back;
    }
    return called_back >= kJobs;
  })) << called_back;
  EXPECT_EQ(Database().One("SELECT count(*) FROM agent_jobs WHERE status = 'completed' AND "
                           "result_payload = to_jsonb(id::text)"),
            std::to_string(kJobs));
  const std::lock_guard<std::mutex> lock(mutex);
  EXPECT_EQ(accepted.size(), static_cast<size_t>(kJobs));
  for (const auto& [key, times] : accepted) EXPECT_EQ(times, 1) << key;
}

TEST_F(PushReplicas, AJobThatAForeignProgramInsertsIsPushed) {
  Serve([](const Received&) { return Reply{.body = "1"}; }, R"(, "completion": "RESPONSE")");
  const std::string id = NewUuid();
  Database database;
  database.Run("INSERT INTO agent_jobs (id, user_id, workflow_id, status) VALUES ('" + id + "', '" +
               person_.id + "', 'pushed', NULL)");
  EXPECT_EQ(AwaitEnd(id).status(), Job::COMPLETED);
}

TEST_F(PushReplicas, ARetriedJobIsPostedLongBeforeItsRequestsTimeIsOver) {
  std::atomic<int> asked{0};
  Serve([&](const Received&) { return asked++ == 0 ? Reply{.status = 400} : Reply{.body = "1"}; },
        R"(, "completion": "RESPONSE", "timeout": "60s")", 2);
  const std::string id = Create();
  ASSERT_EQ(AwaitEnd(id).status(), Job::FAILED);
  ASSERT_TRUE(Retry(id).ok());
  EXPECT_EQ(AwaitEnd(id).status(), Job::COMPLETED);
  EXPECT_EQ(receiver_->count(), 2U);
}

}  // namespace
}  // namespace vibestack::e2e

// The bound `max_processing` of a workflow, over two replicas that hardly ever poll: a free place
// reaches the other replica by a change event.
#include <algorithm>
#include <deque>
#include <mutex>
#include <thread>

#include "tests/e2e/push/push_fixture.h"

namespace vibestack::e2e {
namespace {

using job::v1::Job;

constexpr int kJobs = 60;
constexpr int kBound = 3;

class MaxProcessing : public PushTest {
 protected:
  // Counts the processing jobs by SQL until destruction, without the services.
  class Counter {
   public:
    Counter() : thread_([this] { Count(); }) {}
    ~Counter() { Stop(); }
    // Returns the largest count.
    int Stop() {
      stopping_ = true;
      if (thread_.joinable()) thread_.join();
      return most_;
    }

   private:
    void Count() {
      Database database;
      while (!stopping_) {
        most_ = std::max(most_, std::stoi(database.One("SELECT count(*) FROM agent_jobs "
                                                       "WHERE status = 'processing'")));
      }
    }

    std::atomic<bool> stopping_ = false;
    int most_ = 0;  // Only the thread uses it until it has ended.
    std::thread thread_;
  };

  // Two replicas with the bound for the workflow, which is pushed if there is a `push`.
  void ServeBound(const std::string& id, const std::string& push) {
    const std::string bound = ", \"max_processing\": " + std::to_string(kBound);
    const std::string entry = push.empty() ? "{\"id\": \"" + id + "\"" + bound + "}"
                                           : Entry(id, receiver_->url(), push, bound);
    ServeFile(FileWith(entry), 2, {"--poll_interval=1h"});
  }
  void CreateAll(const std::string& workflow_id) {
    job::v1::BatchCreateJobsRequest batch;
    for (int i = 0; i < kJobs; ++i) batch.add_requests()->set_workflow_id(workflow_id);
    const auto created = Call(services_->jobs(), &JobService::Stub::BatchCreateJobs, batch,
                              {.token = person_.access_token});
    ASSERT_TRUE(created.ok()) << Describe(created.status);
  }
  static int Completed() {
    return std::stoi(Database().One("SELECT count(*) FROM agent_jobs WHERE status = 'completed'"));
  }
  // Claims and completes jobs of the workflows on one replica until `done`. Returns how many.
  int Work(size_t replica, const std::vector<std::string>& workflow_ids,
           const std::atomic<int>& done) {
    const auto stub = JobService::NewStub(services_->job(replica).channel());
    const With as_worker{.token = services_->service_token()};
    job::v1::ClaimJobsRequest claim;
    for (const std::string& id : workflow_ids) claim.add_workflow_ids(id);
    claim.mutable_wait()->set_seconds(1);
    int worked = 0;
    while (done < kJobs) {
      const auto claimed = Call(*stub, &JobService::Stub::ClaimJobs, claim, as_worker);
      EXPECT_TRUE(claimed.ok()) << Describe(claimed.status);
      if (!claimed.ok()) break;
      for (const job::v1::ClaimedJob& job : claimed.value.jobs()) {
        job::v1::CompleteJobRequest complete;
        complete.set_id(job.job().id());
        complete.set_lease_token(job.lease_token());
        complete.set_result_json("1");
        EXPECT_TRUE(Call(*stub, &JobService::Stub::CompleteJob, complete, as_worker).ok());
        ++worked;
        ++done_;
      }
    }
    return worked;
  }

  std::atomic<int> done_ = 0;
};

TEST_F(MaxProcessing, WorkersOfBothReplicasNeverProcessMoreJobsThanTheBound) {
  ServeBound("pulled", "");
  CreateAll("pulled");
  Counter counter;
  std::vector<std::thread> workers;
  for (size_t i = 0; i < 8; ++i) {
    workers.emplace_back([this, i] { Work(i % 2, {"pulled"}, done_); });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(counter.Stop(), kBound);
  EXPECT_EQ(Completed(), kJobs);
}

TEST_F(MaxProcessing, AClaimThatWaitsOnAnotherReplicaGetsTheFreePlaceAtOnce) {
  ServeBound("pulled", "");
  CreateAll("pulled");
  const With as_worker{.token = services_->service_token()};
  job::v1::ClaimJobsRequest claim;
  claim.add_workflow_ids("pulled");
  claim.set_max_jobs(kBound + 1);
  const auto first = Call(services_->jobs(), &JobService::Stub::ClaimJobs, claim, as_worker);
  ASSERT_EQ(first.value.jobs_size(), kBound);
  claim.mutable_wait()->set_seconds(20);
  job::v1::ClaimJobsResponse second;
  std::thread waiting([&] {
    const auto stub = JobService::NewStub(services_->job(1).channel());
    second = Call(*stub, &JobService::Stub::ClaimJobs, claim, as_worker).value;
  });
  EXPECT_TRUE(Eventually(absl::Seconds(10), [&] { return services_->job(1).WaitingCalls() >= 1; }));
  const absl::Time freed = absl::Now();
  EXPECT_TRUE(Complete(*services_, first.value.jobs(0), "1").ok());
  waiting.join();
  EXPECT_EQ(second.jobs_size(), 1);
  EXPECT_LT(absl::Now() - freed, absl::Seconds(5));
}

TEST_F(MaxProcessing, AClaimOfABoundedAndAFreeWorkflowGetsTheJobsOfBoth) {
  ServeBound("pulled", "");
  CreateAll("pulled");
  CreateAll("free");
  job::v1::ClaimJobsRequest claim;
  claim.add_workflow_ids("pulled");
  claim.add_workflow_ids("free");
  claim.set_max_jobs(2 * kJobs);
  const auto claimed = Call(services_->jobs(), &JobService::Stub::ClaimJobs, claim,
                            {.token = services_->service_token()});
  ASSERT_TRUE(claimed.ok()) << Describe(claimed.status);
  int bounded = 0;
  for (const auto& job : claimed.value.jobs()) bounded += job.job().workflow_id() == "pulled";
  EXPECT_EQ(bounded, kBound);
  EXPECT_EQ(claimed.value.jobs_size(), kBound + kJobs);
}

TEST_F(MaxProcessing, BothReplicasTogetherNeverPostMoreJobsThanTheBound) {
  std::mutex mutex;
  int open = 0;
  int most = 0;
  receiver_ = std::make_unique<HttpReceiver>([&](const Received&) {
    {
      const std::lock_guard<std::mutex> lock(mutex);
      most = std::max(most, ++open);
    }
    // Long enough that the other places fill.
    Database().Run("SELECT pg_sleep(0.02)");
    const std::lock_guard<std::mutex> lock(mutex);
    --open;
    return Reply{.body = "1"};
  });
  ServeBound("pushed", R"(, "completion": "RESPONSE", "timeout": "30s")");
  CreateAll("pushed");
  EXPECT_TRUE(Eventually(absl::Seconds(30), [] { return Completed() == kJobs; })) << Completed();
  const std::lock_guard<std::mutex> lock(mutex);
  EXPECT_EQ(most, kBound);
  EXPECT_EQ(receiver_->count(), static_cast<size_t>(kJobs));
}

TEST_F(MaxProcessing, ARunHoldsItsPlaceUntilItCallsBack) {
  std::mutex mutex;
  std::deque<Received> open;
  size_t most = 0;
  receiver_ = std::make_unique<HttpReceiver>([&](const Received& request) {
    const std::lock_guard<std::mutex> lock(mutex);
    open.push_back(request);
    most = std::max(most, open.size());
    return Reply();
  });
  ServeBound("pushed", R"(, "timeout": "30s")");
  CreateAll("pushed");
  Counter counter;
  for (int i = 0; i < kJobs; ++i) {
    // Each time as many runs as the bound allows, or as are left.
    const size_t expected = std::min(kBound, kJobs - i);
    ASSERT_TRUE(Eventually(absl::Seconds(20), [&] {
      const std::lock_guard<std::mutex> lock(mutex);
      return open.size() >= expected;
    })) << i;
    Received run;
    {
      const std::lock_guard<std::mutex> lock(mutex);
      run = open.front();
      open.pop_front();
    }
    EXPECT_TRUE(CallBack(Member(run.body, "job_id"), TokenOf(run), "1").ok());
  }
  EXPECT_LE(counter.Stop(), kBound);
  EXPECT_EQ(Completed(), kJobs);
  const std::lock_guard<std::mutex> lock(mutex);
  EXPECT_EQ(most, static_cast<size_t>(kBound));
}

}  // namespace
}  // namespace vibestack::e2e

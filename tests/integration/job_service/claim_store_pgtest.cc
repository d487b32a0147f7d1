#include <atomic>
#include <set>
#include <thread>

#include "tests/integration/job_service/fixture.h"

namespace vibestack::job_service {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using ClaimStoreTest = JobServiceTest;

TEST_F(ClaimStoreTest, AClaimedJobIsProcessingUnderItsLeaseToken) {
  const std::string id = MustCreate(ann_);
  const std::vector<Job> jobs = Claim(10);
  ASSERT_THAT(jobs, SizeIs(1));
  EXPECT_EQ(jobs[0].id, id);
  EXPECT_EQ(jobs[0].status, JobStatus::kProcessing);
  EXPECT_EQ(LeaseToken(*Get(id)), LeaseToken(jobs[0]));
  EXPECT_THAT(Claim(10), IsEmpty());
}

TEST_F(ClaimStoreTest, TheOldestJobsComeFirst) {
  std::vector<std::string> ids;
  ids.reserve(6);
  for (int i = 0; i < 6; ++i) ids.push_back(MustCreate(ann_));
  const std::vector<Job> first = Claim(2);
  ASSERT_THAT(first, SizeIs(2));
  EXPECT_THAT((std::vector{first[0].id, first[1].id}), ElementsAre(ids[0], ids[1]));
  EXPECT_EQ(Claim(1)[0].id, ids[2]);
  EXPECT_EQ(Claim(1)[0].id, ids[3]);
}

TEST_F(ClaimStoreTest, OnlyTheNamedWorkflowsAreClaimed) {
  MustCreate(ann_, "a");
  MustCreate(ann_, "b");
  MustCreate(bob_, "c");
  std::set<std::string> workflows;
  for (const Job& job : Claim(10, {"a", "c", "none"})) workflows.insert(job.workflow_id);
  EXPECT_THAT(workflows, ElementsAre("a", "c"));
}

TEST_F(ClaimStoreTest, TheOldestOfSeveralWorkflowsComesFirst) {
  const std::string oldest = MustCreate(ann_, "b");
  MustCreate(ann_, "a");
  EXPECT_EQ(Claim(1, {"a", "b"})[0].id, oldest);
}

TEST_F(ClaimStoreTest, JobsThatSomebodyElseMadeWithoutStateOrOwnerAreClaimed) {
  Sql("INSERT INTO agent_jobs (id, workflow_id, status) VALUES ('" + NewUuid() + "', 'w', NULL)");
  Sql("INSERT INTO agent_jobs (id, workflow_id) VALUES ('" + NewUuid() + "', 'w')");
  EXPECT_THAT(Claim(1), SizeIs(1));
  EXPECT_THAT(Claim(5), SizeIs(1));
}

TEST_F(ClaimStoreTest, TwoWorkersNeverGetTheSameJob) {
  constexpr int kJobs = 2'000;
  Fill(ann_, kJobs / 2);
  Fill(bob_, kJobs / 2);
  absl::Mutex mutex;
  std::set<std::string> claimed;
  std::atomic<int> total{0};
  std::vector<std::thread> workers;
  workers.reserve(8);
  for (int w = 0; w < 8; ++w) {
    workers.emplace_back([&, w] {
      while (true) {
        const std::vector<Job> jobs = Claim(1 + 7 * (w % 3));
        if (jobs.empty()) return;
        total += static_cast<int>(jobs.size());
        absl::MutexLock lock(&mutex);
        for (const Job& job : jobs) claimed.insert(job.id);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(total, kJobs);
  EXPECT_EQ(claimed.size(), static_cast<size_t>(kJobs));
}

TEST_F(ClaimStoreTest, AClaimSkipsAJobThatAnotherSessionHasLocked) {
  const std::string locked = MustCreate(ann_);
  const std::string next = MustCreate(ann_);
  pqxx::connection other(DatabaseUrl());
  pqxx::work transaction(other);
  transaction.exec("SELECT FROM agent_jobs WHERE id = '" + locked + "' FOR UPDATE");
  for (int limit : {5, 1, 1}) {
    for (const Job& job : Claim(limit)) EXPECT_EQ(job.id, next);
  }
  transaction.abort();
  ASSERT_THAT(Claim(5), SizeIs(1));
}

}  // namespace
}  // namespace vibestack::job_service

#include <atomic>
#include <random>
#include <set>
#include <thread>

#include "tests/integration/job_service/fixture.h"

namespace vibestack::job_service {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class ClaimStoreTest : public JobServiceTest {
 protected:
  std::string CreateWith(std::string input) {
    NewJob job = Make();
    job.input = std::move(input);
    return MustCreate(job);
  }
  // A JSON string of this many bytes that the database cannot compress.
  std::string RandomInput(size_t bytes) {
    static constexpr char kCharacters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string json = "\"";
    while (json.size() < bytes - 1) json += kCharacters[random_() % 64];
    return json + "\"";
  }

  std::mt19937 random_{7};
};

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

TEST_F(ClaimStoreTest, AClaimReturnsTheVeryInput) {
  const std::string inputs[] = {"null",
                                "{}",
                                "[]",
                                "\"\"",
                                "false",
                                "9007199254740993",
                                "1.000",
                                R"({"": "😀"})",
                                R"("\\u0000 \"} , \\")",
                                std::string(1'000, '[') + std::string(1'000, ']'),
                                "1" + std::string(400, '0'),
                                R"({"input": 1, "attempts": 9, "vibestack_job": 1})"};
  for (const std::string& input : inputs) {
    const std::string id = CreateWith(input);
    const std::vector<Job> jobs = Claim(10);
    ASSERT_THAT(jobs, SizeIs(1));
    EXPECT_EQ(jobs[0].id, id);
    EXPECT_EQ(jobs[0].input, input);
    EXPECT_EQ(jobs[0].result, std::nullopt);
    EXPECT_EQ(AttemptNumber(jobs[0]), 1);
    ASSERT_TRUE(Complete(LeaseOf(jobs[0])).ok());
  }
  MustCreate(ann_);
  EXPECT_EQ(Claim(10).at(0).input, std::nullopt);
}

TEST_F(ClaimStoreTest, EachJobOfAClaimHasItsOwnInput) {
  std::map<std::string, std::optional<std::string>> inputs;
  for (int i = 0; i < 60; ++i) {
    const bool has_input = i % 3 != 0;
    const std::string id = has_input ? CreateWith(std::to_string(i)) : MustCreate(bob_);
    inputs[id] = has_input ? std::optional(std::to_string(i)) : std::nullopt;
  }
  size_t claimed = 0;
  for (const int limit : {1, 1, 7, 100}) {
    for (const Job& job : Claim(limit)) {
      ++claimed;
      EXPECT_EQ(job.input, inputs.at(job.id));
      EXPECT_EQ(job.status, JobStatus::kProcessing);
      EXPECT_EQ(LeaseToken(job), LeaseToken(*Get(job.id)));
    }
  }
  EXPECT_EQ(claimed, inputs.size());
}

TEST_F(ClaimStoreTest, AClaimTakesUpToTwoMebibytesOfInputsAndTheRestStaysPending) {
  // The first bound is on what is stored, the second on the text. Only the second one sees how
  // large a text is that the database compresses.
  for (const bool compressible : {false, true}) {
    std::vector<std::string> ids;
    for (int i = 0; i < 5; ++i) {
      ids.push_back(CreateWith(compressible ? "\"" + std::string(899'998, 'x') + "\""
                                            : RandomInput(900'000)));
    }
    size_t next = 0;
    for (const size_t count : {2, 2, 1}) {
      const std::vector<Job> jobs = Claim(10);
      ASSERT_THAT(jobs, SizeIs(count)) << compressible;
      for (const Job& job : jobs) {
        EXPECT_EQ(job.id, ids[next++]);
        EXPECT_EQ(job.input->size(), 900'000U);
        EXPECT_EQ(job.failed_attempts, 0);
      }
      EXPECT_EQ(One("SELECT count(*) FROM agent_jobs WHERE status = 'pending'"),
                std::to_string(ids.size() - next));
      for (const Job& job : jobs) ASSERT_TRUE(Complete(LeaseOf(job)).ok());
    }
  }
}

TEST_F(ClaimStoreTest, AnInputPastTheBoundIsClaimedAlone) {
  const std::string small = CreateWith("1");
  const std::string large = CreateWith(RandomInput(3'000'000));
  const std::string last = CreateWith("2");
  std::vector<std::string> claimed;
  for (int i = 0; i < 10 && claimed.size() < 3; ++i) {
    const std::vector<Job> jobs = Claim(10);
    size_t bytes = 0;
    for (const Job& job : jobs) {
      bytes += job.input->size();
      claimed.push_back(job.id);
    }
    EXPECT_TRUE(bytes < (2 << 20) || jobs.size() == 1) << bytes;
  }
  EXPECT_THAT(claimed, testing::UnorderedElementsAre(small, large, last));
}

TEST_F(ClaimStoreTest, JobsWithoutInputsAreNotBoundByTheirNumber) {
  Fill(ann_, 900);
  CreateWith("1");
  EXPECT_THAT(Claim(1'000), SizeIs(901));
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

TEST_F(ClaimStoreTest, ReplicasTogetherKeepTheBoundOfAWorkflow) {
  std::map<std::string, Workflow> workflows;
  workflows["w"].max_processing = 3;
  StoreOptions options;
  options.workflows = [set = std::make_shared<const WorkflowSet>(workflows)] { return set; };
  Metrics metrics[2];
  JobStores first(options, read_store_, pool_, recorder_, metrics[0]);
  JobStores second(options, read_store_, pool_, recorder_, metrics[1]);
  Fill(ann_, 20);
  Fill(ann_, 2, "v");
  std::vector<std::thread> workers;
  workers.reserve(6);
  for (int i = 0; i < 6; ++i) {
    workers.emplace_back([&, i] {
      JobStores& stores = i % 2 == 0 ? first : second;
      for (int n = 0; n < 10; ++n) {
        const auto jobs = SyncWait(stores.claim.Claim({{"w"}, 1 + i % 3}, Soon()));
        EXPECT_TRUE(jobs.ok()) << jobs.status();
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(One("SELECT count(*) FROM agent_jobs WHERE status = 'processing'"), "3");
  // Another workflow of the same claim has no bound.
  const auto others = SyncWait(first.claim.Claim({{"v", "w"}, 10}, Soon()));
  ASSERT_TRUE(others.ok()) << others.status();
  EXPECT_THAT(*others, SizeIs(2));
  // A job that ends makes place for one, and wakes a claim that waits.
  const std::string id =
      One("SELECT id FROM agent_jobs WHERE workflow_id = 'w' "
          "AND status = 'processing' LIMIT 1");
  TakeChanges();
  const JobFinish end{LeaseOf(*Get(id)), JobStatus::kCompleted, "1"};
  ASSERT_TRUE(SyncWait(first.finish.Finish(end, Soon())).ok());
  EXPECT_EQ(TakeChanges().pending.at("w"), 1);
  const auto next = SyncWait(second.claim.Claim({{"w"}, 10}, Soon()));
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_THAT(*next, SizeIs(1));
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

#include <thread>

#include "tests/integration/job_service/fixture.h"

namespace vibestack::job_service {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr absl::Duration kVisibilityTimeout = absl::Seconds(15);

class DispatchStoreTest : public JobServiceTest {
 protected:
  std::vector<Job> Take(int limit) {
    auto jobs = SyncWait(dispatches_.Claim("w", limit, kVisibilityTimeout, Soon()));
    EXPECT_TRUE(jobs.ok()) << jobs.status();
    return jobs.ok() ? *std::move(jobs) : std::vector<Job>();
  }
  std::vector<Job> Renew(const Job& job) {
    return *SyncWait(dispatches_.Renew({LeaseOf(job)}, Soon()));
  }
  bool Settle(const Job& job, JobStatus status, std::optional<std::string> result = {}) {
    return *SyncWait(dispatches_.Settle(LeaseOf(job), status, std::move(result), Soon()));
  }
  absl::StatusOr<Job> CallBack(const std::string& id, const std::string& result,
                               JobStatus status = JobStatus::kCompleted) {
    return SyncWait(dispatches_.FinishRun(id, status, result, Soon()));
  }
  // The workflow "w" is pushed.
  static StoreOptions Pushed() {
    Workflow workflow;
    workflow.id = "w";
    workflow.push.emplace();
    workflow.push->processing_timeout = absl::Minutes(10);
    const auto workflows = std::make_shared<const WorkflowSet>(
        std::map<std::string, Workflow>{{"w", std::move(workflow)}});
    StoreOptions options;
    options.workflows = [workflows] { return workflows; };
    return options;
  }

  void Retry(const std::string& id) {
    const auto retried = SyncWait(pushed_stores_.manage.Retry(id, std::nullopt, Soon()));
    EXPECT_TRUE(retried.ok()) << retried.status();
  }

  Metrics pushed_metrics_;
  JobStores pushed_stores_{Pushed(), read_store_, pool_, recorder_, pushed_metrics_};
  DispatchStore& dispatches_ = pushed_stores_.dispatch;
};

TEST_F(DispatchStoreTest, ATakenJobStaysPendingAndNobodyElseGetsItUntilItsTimeIsOver) {
  const std::string id = MustCreate(ann_);
  const std::vector<Job> taken = Take(10);
  ASSERT_THAT(taken, SizeIs(1));
  EXPECT_EQ(taken[0].id, id);
  EXPECT_EQ(Get(id)->status, JobStatus::kPending);
  EXPECT_THAT(Take(10), IsEmpty());
  Age(id, "14 seconds");
  EXPECT_THAT(Take(10), IsEmpty());
  Age(id, "2 seconds");
  EXPECT_THAT(Take(10), SizeIs(1));
  // The replica that claimed the job first has lost it.
  EXPECT_THAT(Renew(taken[0]), IsEmpty());
  EXPECT_FALSE(Settle(taken[0], JobStatus::kProcessing));
}

TEST_F(DispatchStoreTest, ReplicasThatTakeAtOnceNeverTakeTheSame) {
  Sql("INSERT INTO agent_jobs (id, user_id, workflow_id) SELECT gen_random_uuid(), '" + ann_ +
      "', 'w' FROM generate_series(1, 400)");
  absl::Mutex mutex;
  std::vector<std::string> ids;
  std::vector<std::thread> replicas;
  replicas.reserve(6);
  for (int i = 0; i < 6; ++i) {
    replicas.emplace_back([&] {
      for (int n = 0; n < 40; ++n) {
        for (const Job& job : Take(7)) {
          absl::MutexLock lock(&mutex);
          ids.push_back(job.id);
        }
      }
    });
  }
  for (std::thread& replica : replicas) replica.join();
  EXPECT_EQ(ids.size(), 400U);
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(std::unique(ids.begin(), ids.end()), ids.end());
}

TEST_F(DispatchStoreTest, TheOldestAreTakenFirstAndOnlyOfTheWorkflow) {
  MustCreate(ann_, "v");
  const std::string first = MustCreate(ann_);
  const std::string second = MustCreate(bob_);
  const std::vector<Job> taken = Take(1);
  ASSERT_THAT(taken, SizeIs(1));
  EXPECT_EQ(taken[0].id, first);
  EXPECT_EQ(Take(5).at(0).id, second);
}

TEST_F(DispatchStoreTest, TheOutcomeIsStoredAndNotified) {
  const std::string id = MustCreate(ann_);
  const Job taken = Take(1).at(0);
  TakeChanges();
  const std::vector<Job> renewed = Renew(taken);
  ASSERT_THAT(renewed, SizeIs(1));
  EXPECT_FALSE(Settle(taken, JobStatus::kFailed, "1"));
  EXPECT_TRUE(Settle(renewed[0], JobStatus::kProcessing));
  EXPECT_EQ(Get(id)->status, JobStatus::kProcessing);
  EXPECT_THAT(TakeChanges().changed, testing::Contains(id));
}

TEST_F(DispatchStoreTest, AResultThatTheDatabaseRefusesLeavesTheJobAsItWas) {
  const std::string id = MustCreate(ann_);
  const Job taken = Take(1).at(0);
  const auto settled =
      SyncWait(dispatches_.Settle(LeaseOf(taken), JobStatus::kCompleted, "{", Soon()));
  EXPECT_EQ(ErrorReason(settled.status()), "INVALID_VALUE");
  EXPECT_TRUE(Settle(taken, JobStatus::kFailed, "1"));
}

TEST_F(DispatchStoreTest, ACallbackEndsAPendingJobAndTheDispatchOverwritesNothing) {
  const std::string id = MustCreate(ann_);
  const Job taken = Take(1).at(0);
  ASSERT_TRUE(CallBack(id, "\"done\"").ok());
  EXPECT_FALSE(Settle(taken, JobStatus::kProcessing));
  EXPECT_EQ(Get(id)->status, JobStatus::kCompleted);
  EXPECT_EQ(Get(id)->result, "\"done\"");
}

TEST_F(DispatchStoreTest, CallbacksRepeatButDoNotContradict) {
  const std::string id = MustCreate(ann_);
  ASSERT_TRUE(CallBack(id, R"({"a": 1, "b": 2})").ok());
  const auto again = CallBack(id, R"({"b": 2, "a": 1.0})");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_FALSE(again->result.has_value());
  EXPECT_EQ(ErrorReason(CallBack(id, "2").status()), "JOB_TERMINAL");
  EXPECT_EQ(ErrorReason(CallBack(id, R"({"a": 1, "b": 2})", JobStatus::kFailed).status()),
            "JOB_TERMINAL");
  EXPECT_EQ(ErrorReason(CallBack(NewUuid(), "1").status()), "JOB_NOT_FOUND");
}

TEST_F(DispatchStoreTest, ProgressMovesTheJobOnAndKeepsWhatItDoesNotSay) {
  const std::string id = MustCreate(ann_);
  const auto report = [&](std::optional<std::string> part) {
    return SyncWait(dispatches_.ReportRun(id, std::move(part), Soon()));
  };
  const Job taken = Take(1).at(0);
  ASSERT_TRUE(report("{\"percent\": 40}").ok());
  EXPECT_FALSE(Settle(taken, JobStatus::kProcessing));
  Age(id, "11 minutes");
  ASSERT_TRUE(report(std::nullopt).ok());
  EXPECT_EQ(*SyncWait(dispatches_.ExpireRuns(10, Soon())), 0);
  EXPECT_EQ(Get(id)->status, JobStatus::kProcessing);
  EXPECT_EQ(Get(id)->result, "{\"percent\": 40}");
  ASSERT_TRUE(CallBack(id, "1").ok());
  EXPECT_EQ(ErrorReason(report("2").status()), "JOB_TERMINAL");
  EXPECT_EQ(Get(id)->result, "1");
}

TEST_F(DispatchStoreTest, CallbacksThatRaceEndTheJobOnce) {
  for (int round = 0; round < 30; ++round) {
    const std::string id = MustCreate(ann_);
    std::atomic<int> won{0};
    std::vector<std::thread> runs;
    runs.reserve(4);
    for (int i = 0; i < 4; ++i) {
      runs.emplace_back([&, i] { won += CallBack(id, std::to_string(i)).ok() ? 1 : 0; });
    }
    for (std::thread& run : runs) run.join();
    EXPECT_EQ(won, 1);
  }
}

TEST_F(DispatchStoreTest, SilentRunsOfPushedWorkflowsFailAndOthersDoNot) {
  const std::string late = MustCreate(ann_);
  const std::string early = MustCreate(ann_);
  const std::string pulled = MustCreate(ann_, "v");
  for (const Job& job : Take(2)) EXPECT_TRUE(Settle(job, JobStatus::kProcessing));
  Claim(1, {"v"});
  Age(late, "11 minutes");
  Age(early, "9 minutes");
  Age(pulled, "11 minutes");
  EXPECT_EQ(*SyncWait(dispatches_.ExpireRuns(10, Soon())), 1);
  EXPECT_EQ(Get(late)->status, JobStatus::kFailed);
  EXPECT_THAT(*Get(late)->result, testing::HasSubstr("PROCESSING_TIMEOUT"));
  EXPECT_EQ(Get(early)->status, JobStatus::kProcessing);
  EXPECT_EQ(Get(pulled)->status, JobStatus::kProcessing);
}

TEST_F(DispatchStoreTest, ASweepOfLeasesGoesByTheWorkflow) {
  const std::string pushed = MustCreate(ann_, "pushed");
  const std::string slow = MustCreate(ann_, "slow");
  const std::string plain = MustCreate(ann_, "plain");
  const std::string zebra = MustCreate(ann_, "zebra");
  Claim(10, {"pushed", "slow", "plain", "zebra"});
  for (const std::string& id : {pushed, slow, plain, zebra}) Age(id, "61 seconds");
  std::map<std::string, Workflow> workflows;
  workflows["pushed"].push.emplace();
  workflows["slow"].lease_duration = absl::Minutes(10);
  workflows["zebra"].lease_duration = absl::Seconds(1);
  StoreOptions options;
  options.workflows = [set = std::make_shared<const WorkflowSet>(workflows)] { return set; };
  Metrics metrics;
  JobStores stores(options, read_store_, pool_, recorder_, metrics);
  EXPECT_EQ(*SyncWait(stores.maintenance.SweepLeases(1, Soon())), 1);
  EXPECT_EQ(*SyncWait(stores.maintenance.SweepLeases(10, Soon())), 1);
  EXPECT_EQ(Get(plain)->status, JobStatus::kPending);
  EXPECT_EQ(Get(zebra)->status, JobStatus::kPending);
  EXPECT_EQ(Get(pushed)->status, JobStatus::kProcessing);
  EXPECT_EQ(Get(slow)->status, JobStatus::kProcessing);
}

TEST_F(DispatchStoreTest, OverdueJobsFailUnlessAReplicaWroteThemRecently) {
  const std::string free = MustCreate(ann_);
  const std::string recent = MustCreate(ann_);
  const std::string young = MustCreate(bob_);
  Sql("UPDATE agent_jobs SET created_at = created_at - interval '2 hours' WHERE id = '" + recent +
      "'");
  Sql("ALTER TABLE agent_jobs DISABLE TRIGGER vibestack_updated_at");
  Sql("UPDATE agent_jobs SET created_at = created_at - interval '2 hours', "
      "updated_at = updated_at - interval '2 hours' WHERE id = '" +
      free + "'");
  Sql("ALTER TABLE agent_jobs ENABLE TRIGGER vibestack_updated_at");
  Push push = *Pushed().workflows()->FindPush("w");
  push.timeout = absl::Seconds(10);
  push.dispatch_timeout = absl::Hours(1);
  EXPECT_EQ(*SyncWait(dispatches_.FailOverdue("w", push, 10, Soon())), 1);
  EXPECT_EQ(Get(free)->status, JobStatus::kFailed);
  EXPECT_EQ(Get(recent)->status, JobStatus::kPending);
  EXPECT_EQ(Get(young)->status, JobStatus::kPending);
}

TEST_F(DispatchStoreTest, ARunFromBeforeARetryCannotKeepTheJobFromBeingPostedAgain) {
  const std::string id = MustCreate(ann_);
  ASSERT_TRUE(Settle(Take(1).at(0), JobStatus::kFailed, "{}"));
  Retry(id);
  const auto late = SyncWait(dispatches_.ReportRun(id, "{\"percent\": 90}", Soon()));
  EXPECT_EQ(ErrorReason(late.status()), "RUN_GIVEN_UP");
  EXPECT_EQ(Get(id)->status, JobStatus::kPending);
  EXPECT_THAT(Take(10), SizeIs(1));
  // From then on both runs have the same rights.
  EXPECT_TRUE(SyncWait(dispatches_.ReportRun(id, std::nullopt, Soon())).ok());
}

TEST_F(DispatchStoreTest, ARetriedJobIsFreeForAnyReplicaAtOnce) {
  const std::string id = MustCreate(ann_);
  ASSERT_TRUE(Settle(Take(1).at(0), JobStatus::kFailed, "{}"));
  Retry(id);
  EXPECT_THAT(Take(10), SizeIs(1));
  // The job belongs to the replica that claimed it, and {"awaiting": …} is gone.
  EXPECT_THAT(Take(10), IsEmpty());
  EXPECT_EQ(Get(id)->result, std::nullopt);
}

}  // namespace
}  // namespace vibestack::job_service

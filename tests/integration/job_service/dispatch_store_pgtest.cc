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
    auto jobs = SyncWait(dispatches_.Claim("w", limit, 0, kVisibilityTimeout, Soon()));
    EXPECT_TRUE(jobs.ok()) << jobs.status();
    return jobs.ok() ? *std::move(jobs) : std::vector<Job>();
  }
  std::vector<Job> Renew(const Job& job) { return RenewWith(job, std::nullopt); }
  std::vector<Job> RenewWith(const Job& job, std::optional<absl::Time> first_request) {
    return *SyncWait(dispatches_.Renew({{LeaseOf(job), first_request}}, Soon()));
  }
  // Sets the time of the first request of a job, and of its last write, to this long ago.
  void TriedAgo(const std::string& id, const std::string& age) {
    Sql("ALTER TABLE agent_jobs DISABLE TRIGGER vibestack_updated_at");
    Sql("UPDATE agent_jobs SET updated_at = now() - interval '" + age +
        "', result_payload = coalesce(result_payload, '{\"vibestack_job\": 1}') || "
        "jsonb_build_object('first_request', to_char((now() - interval '" +
        age + R"(') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) WHERE id = ')" + id +
        "'");
    Sql("ALTER TABLE agent_jobs ENABLE TRIGGER vibestack_updated_at");
  }
  int FailOverdue() {
    Push push = *Pushed().workflows()->FindPush("w");
    push.timeout = absl::Seconds(10);
    push.dispatch_timeout = absl::Hours(1);
    const auto failed = SyncWait(dispatches_.FailOverdue("w", push, 10, Soon()));
    EXPECT_TRUE(failed.ok()) << failed.status();
    return failed.value_or(-1);
  }
  bool Settle(const Job& job, JobStatus status, std::optional<std::string> result = {}) {
    return *SyncWait(dispatches_.Settle(LeaseOf(job), status, std::move(result), Soon()));
  }
  absl::StatusOr<Job> CallBack(const std::string& id, const std::string& result,
                               JobStatus status = JobStatus::kCompleted, int attempt = 1) {
    return SyncWait(dispatches_.FinishRun(ReportOf(id, attempt, status, result), Soon()));
  }
  absl::StatusOr<Job> Report(const std::string& id, std::optional<std::string> progress,
                             int attempt = 1) {
    return SyncWait(dispatches_.ReportRun(
        ReportOf(id, attempt, JobStatus::kProcessing, std::move(progress)), Soon()));
  }
  static RunReport ReportOf(const std::string& id, int attempt, JobStatus status,
                            std::optional<std::string> result) {
    RunReport report;
    report.job_id = id;
    report.attempt = attempt;
    report.status = status;
    report.result = std::move(result);
    return report;
  }
  // The workflow "w" is pushed.
  static StoreOptions Pushed(int max_processing = 0) {
    Workflow workflow;
    workflow.id = "w";
    workflow.max_processing = max_processing;
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
  const Job taken = Take(1).at(0);
  ASSERT_TRUE(Report(id, "{\"percent\": 40}").ok());
  EXPECT_FALSE(Settle(taken, JobStatus::kProcessing));
  Age(id, "11 minutes");
  ASSERT_TRUE(Report(id, std::nullopt).ok());
  EXPECT_EQ(*SyncWait(dispatches_.ExpireRuns(10, Soon())), 0);
  EXPECT_EQ(Get(id)->status, JobStatus::kProcessing);
  EXPECT_EQ(Get(id)->result, "{\"percent\": 40}");
  ASSERT_TRUE(CallBack(id, "1").ok());
  EXPECT_EQ(ErrorReason(Report(id, "2").status()), "JOB_TERMINAL");
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

TEST_F(DispatchStoreTest, TheAttemptsOfSilentRunsOfPushedWorkflowsEndAndOthersDoNot) {
  const std::string late = MustCreate(ann_);
  const std::string early = MustCreate(ann_);
  const std::string pulled = MustCreate(ann_, "v");
  for (const Job& job : Take(2)) EXPECT_TRUE(Settle(job, JobStatus::kProcessing));
  Claim(1, {"v"});
  Age(late, "11 minutes");
  Age(early, "9 minutes");
  Age(pulled, "11 minutes");
  EXPECT_EQ(*SyncWait(dispatches_.ExpireRuns(10, Soon())), 1);
  EXPECT_EQ(Get(late)->status, JobStatus::kPending);
  ASSERT_THAT(Get(late)->errors, SizeIs(1));
  EXPECT_EQ(Get(late)->errors[0].code, "PROCESSING_TIMEOUT");
  EXPECT_NE(Get(late)->not_before, std::nullopt);
  EXPECT_THAT(Take(10), IsEmpty()) << "the job waits for its backoff";
  EXPECT_EQ(Get(early)->status, JobStatus::kProcessing);
  EXPECT_EQ(Get(pulled)->status, JobStatus::kProcessing);
}

TEST_F(DispatchStoreTest, ASilentRunWithAnOversizedPayloadFailsAndTheOthersGoOn) {
  const std::string oversized = InsertOversized();
  const std::string other = MustCreate(ann_);
  SetAll("processing", "none");
  EXPECT_EQ(*SyncWait(dispatches_.ExpireRuns(10, Soon())), 2);
  EXPECT_EQ(One("SELECT status FROM agent_jobs WHERE id = '" + oversized + "'"), "failed");
  EXPECT_EQ(Get(other)->status, JobStatus::kPending);
}

TEST_F(DispatchStoreTest, ARunThatIsSilentInItsLastAttemptFailsTheJob) {
  NewJob job = Make();
  job.input = "7";
  job.max_attempts = 2;
  MustCreate(job);
  for (const JobStatus expected : {JobStatus::kPending, JobStatus::kFailed}) {
    ASSERT_TRUE(Settle(Take(1).at(0), JobStatus::kProcessing));
    Age(job.id, "11 minutes");
    TakeChanges();
    EXPECT_EQ(*SyncWait(dispatches_.ExpireRuns(10, Soon())), 1);
    EXPECT_THAT(TakeChanges().changed, ElementsAre(job.id));
    EXPECT_EQ(Get(job.id)->status, expected);
    if (expected == JobStatus::kPending) MakeReady(job.id);
  }
  EXPECT_THAT(*Get(job.id)->result, testing::HasSubstr("PROCESSING_TIMEOUT"));
  EXPECT_EQ(Get(job.id)->errors.size(), 2U);
  EXPECT_EQ(Get(job.id)->input, "7");
}

TEST_F(DispatchStoreTest, ARetryableCallbackPutsTheJobBack) {
  NewJob job = Make();
  job.input = "7";
  MustCreate(job);
  ASSERT_TRUE(Settle(Take(1).at(0), JobStatus::kProcessing));
  RunReport failure = ReportOf(job.id, 1, JobStatus::kFailed, ErrorObject("E", "why", ""));
  failure.is_retryable = true;
  const absl::StatusOr<Job> first = SyncWait(dispatches_.FinishRun(failure, Soon()));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->status, JobStatus::kPending);
  EXPECT_THAT(Take(10), IsEmpty());
  // The same report again counts once.
  const absl::StatusOr<Job> again = SyncWait(dispatches_.FinishRun(failure, Soon()));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->updated_at, first->updated_at);
  EXPECT_EQ(Get(job.id)->failed_attempts, 1);
  EXPECT_EQ(Get(job.id)->input, "7");
  MakeReady(job.id);
  ASSERT_THAT(Take(10), SizeIs(1));
  EXPECT_EQ(AttemptNumber(*Get(job.id)), 2);
  // A given delay replaces the backoff.
  failure.attempt = 2;
  failure.retry_delay = absl::ZeroDuration();
  ASSERT_TRUE(SyncWait(dispatches_.FinishRun(failure, Soon())).ok());
  EXPECT_EQ(ReleaseScheduled(), 1);
  EXPECT_EQ(AttemptNumber(*Get(job.id)), 3);
}

TEST_F(DispatchStoreTest, TheLastAttemptOfARunFailsTheJob) {
  NewJob job = Make();
  job.max_attempts = 1;
  MustCreate(job);
  Take(1);
  RunReport failure = ReportOf(job.id, 1, JobStatus::kFailed, ErrorObject("E", "why", ""));
  failure.is_retryable = true;
  const absl::StatusOr<Job> failed = SyncWait(dispatches_.FinishRun(failure, Soon()));
  ASSERT_TRUE(failed.ok()) << failed.status();
  EXPECT_EQ(failed->status, JobStatus::kFailed);
  const absl::StatusOr<Job> again = SyncWait(dispatches_.FinishRun(failure, Soon()));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->updated_at, failed->updated_at);
}

TEST_F(DispatchStoreTest, ARunOfAnEarlierAttemptChangesNothing) {
  const std::string id = MustCreate(ann_);
  ASSERT_TRUE(Settle(Take(1).at(0), JobStatus::kProcessing));
  ASSERT_TRUE(Cancel(id).ok());
  // The job has ended, and no later attempt has begun.
  EXPECT_EQ(ErrorReason(CallBack(id, "1").status()), "JOB_TERMINAL");
  EXPECT_EQ(ErrorReason(Report(id, "1").status()), "JOB_TERMINAL");
  const auto expect_superseded = [&](JobStatus status) {
    const std::string before = PayloadOf(id);
    EXPECT_EQ(ErrorReason(CallBack(id, "1").status()), "ATTEMPT_SUPERSEDED");
    EXPECT_EQ(ErrorReason(CallBack(id, ErrorObject("E", "", ""), JobStatus::kFailed).status()),
              "ATTEMPT_SUPERSEDED");
    EXPECT_EQ(ErrorReason(Report(id, "1").status()), "ATTEMPT_SUPERSEDED");
    EXPECT_EQ(ErrorReason(Report(id, std::nullopt).status()), "ATTEMPT_SUPERSEDED");
    EXPECT_EQ(Get(id)->status, status);
    EXPECT_EQ(PayloadOf(id), before);
  };
  Retry(id);
  expect_superseded(JobStatus::kPending);
  const Job taken = Take(1).at(0);
  expect_superseded(JobStatus::kPending);
  ASSERT_TRUE(Settle(taken, JobStatus::kProcessing));
  expect_superseded(JobStatus::kProcessing);
  ASSERT_TRUE(CallBack(id, ErrorObject("LAST", "", ""), JobStatus::kFailed, 2).ok());
  expect_superseded(JobStatus::kFailed);
}

TEST_F(DispatchStoreTest, ARunOfAnAttemptThatHasNotBegunChangesNothing) {
  const std::string id = MustCreate(ann_);
  ASSERT_TRUE(Settle(Take(1).at(0), JobStatus::kProcessing));
  for (const int attempt : {0, 2, 1'000'001}) {
    EXPECT_FALSE(CallBack(id, "1", JobStatus::kCompleted, attempt).ok()) << attempt;
    EXPECT_FALSE(Report(id, "1", attempt).ok()) << attempt;
  }
  EXPECT_EQ(Get(id)->status, JobStatus::kProcessing);
  EXPECT_EQ(PayloadOf(id), "NULL");
  EXPECT_TRUE(CallBack(id, "1").ok());
}

TEST_F(DispatchStoreTest, ARunOfALaterAttemptEndsTheJobAndMayRepeatIt) {
  const std::string id = MustCreate(ann_);
  ASSERT_TRUE(Settle(Take(1).at(0), JobStatus::kFailed, "{}"));
  Retry(id);
  Take(1);
  ASSERT_TRUE(CallBack(id, "[1]", JobStatus::kCompleted, 2).ok());
  EXPECT_EQ(PayloadOf(id), "[1]");
  EXPECT_TRUE(CallBack(id, "[1]", JobStatus::kCompleted, 2).ok());
  EXPECT_EQ(ErrorReason(CallBack(id, "[2]", JobStatus::kCompleted, 2).status()), "JOB_TERMINAL");
}

TEST_F(DispatchStoreTest, ADispatchThatFailsIsAnAttemptAndKeepsTheInput) {
  NewJob job = Make();
  job.input = R"({"n": 1})";
  MustCreate(job);
  ASSERT_TRUE(
      Settle(Take(1).at(0), JobStatus::kFailed, ErrorObject("DISPATCH_REFUSED", "HTTP 400", "")));
  const JobPtr failed = Get(job.id);
  EXPECT_EQ(failed->status, JobStatus::kFailed);
  EXPECT_EQ(AttemptNumber(*failed), 1);
  ASSERT_THAT(failed->errors, SizeIs(1));
  EXPECT_EQ(failed->errors[0].code, "DISPATCH_REFUSED");
  EXPECT_EQ(failed->input, job.input);
}

TEST_F(DispatchStoreTest, AnAcceptedJobKeepsItsInputAndACompletedOneItsOutputAlone) {
  NewJob job = Make();
  job.input = "7";
  MustCreate(job);
  const std::string payload = PayloadOf(job.id);
  ASSERT_TRUE(Settle(Take(1).at(0), JobStatus::kProcessing));
  EXPECT_EQ(PayloadOf(job.id), payload);
  NewJob answered = Make();
  answered.input = "8";
  MustCreate(answered);
  ASSERT_TRUE(Settle(Take(1).at(0), JobStatus::kCompleted, "[8]"));
  EXPECT_EQ(PayloadOf(answered.id), "[8]");
}

TEST_F(DispatchStoreTest, ADueJobIsFreeAlthoughItWasJustWritten) {
  NewJob job = Make();
  job.input = "7";
  job.delay = absl::Hours(1);
  MustCreate(job);
  EXPECT_THAT(Take(10), IsEmpty());
  MakeReady(job.id);
  ASSERT_THAT(Take(10), SizeIs(1));
  // Now it belongs to the replica that claimed it.
  EXPECT_THAT(Take(10), IsEmpty());
  EXPECT_EQ(Get(job.id)->input, "7");
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

TEST_F(DispatchStoreTest, OnlyJobsWhoseFirstRequestIsLongAgoAreOverdue) {
  const auto make = [this] {
    NewJob job = Make();
    job.input = "7";
    return MustCreate(job);
  };
  const std::string overdue = make();
  const std::string younger = make();
  const std::string of_a_replica = make();
  const std::string untried = make();
  const std::string due = make();
  const std::string broken = make();
  Sql("ALTER TABLE agent_jobs DISABLE TRIGGER vibestack_updated_at");
  Sql("UPDATE agent_jobs SET created_at = now() - interval '9 hours', updated_at = now() - "
      "interval '9 hours'");
  Sql("UPDATE agent_jobs SET updated_at = now() - interval '8 hours', result_payload = "
      "result_payload || '{\"schedule\": \"due\"}' WHERE id = '" +
      due + "'");
  Sql("UPDATE agent_jobs SET updated_at = now() - interval '8 hours', result_payload = "
      "result_payload || '{\"first_request\": \"\"}' WHERE id = '" +
      broken + "'");
  Sql("ALTER TABLE agent_jobs ENABLE TRIGGER vibestack_updated_at");
  TriedAgo(overdue, "70 minutes");
  TriedAgo(younger, "50 minutes");
  TriedAgo(of_a_replica, "70 minutes");
  Sql("UPDATE agent_jobs SET status = status WHERE id = '" + of_a_replica + "'");
  TakeChanges();
  EXPECT_EQ(FailOverdue(), 1);
  EXPECT_THAT(TakeChanges().changed, ElementsAre(overdue));
  EXPECT_EQ(Get(overdue)->status, JobStatus::kFailed);
  EXPECT_THAT(*Get(overdue)->result, testing::HasSubstr("DISPATCH_TIMEOUT"));
  EXPECT_EQ(Get(overdue)->input, "7");
  EXPECT_EQ(Get(overdue)->first_request, std::nullopt);
  for (const std::string& id : {younger, of_a_replica, untried, due, broken}) {
    EXPECT_EQ(Get(id)->status, JobStatus::kPending);
  }
}

TEST_F(DispatchStoreTest, ARenewalKeepsTheTimeOfTheFirstRequestUntilTheAttemptEnds) {
  for (const std::string input : {"", R"({"n": 1})"}) {
    NewJob job = Make();
    job.input = input;
    MustCreate(job);
    const Job taken = Take(1).at(0);
    const std::string before = PayloadOf(job.id);
    const Job renewed = Renew(taken).at(0);
    EXPECT_EQ(PayloadOf(job.id), before) << "no request has failed";
    const absl::Time first = taken.updated_at;
    const Job again = RenewWith(renewed, first).at(0);
    EXPECT_EQ(Get(job.id)->first_request, first);
    EXPECT_EQ(Get(job.id)->input.value_or(""), input);
    // The time stays with the attempt: during a renewal, a claim by another replica, and a run.
    Renew(again);
    Age(job.id, "1 hour");
    const Job claimed = Take(1).at(0);
    EXPECT_EQ(Get(job.id)->first_request, first);
    ASSERT_TRUE(Settle(claimed, JobStatus::kProcessing));
    RunReport failure = ReportOf(job.id, 1, JobStatus::kFailed, ErrorObject("E", "why", ""));
    failure.is_retryable = true;
    ASSERT_TRUE(SyncWait(dispatches_.FinishRun(failure, Soon())).ok());
    EXPECT_EQ(Get(job.id)->first_request, std::nullopt) << "the next attempt has no request";
    EXPECT_EQ(Get(job.id)->input.value_or(""), input);
    ASSERT_TRUE(Cancel(job.id).ok());
  }
}

TEST_F(DispatchStoreTest, AClaimForADispatchStopsAtTheBoundOfTheWorkflow) {
  const auto take_within = [&](int limit, int max_processing) {
    auto jobs = SyncWait(dispatches_.Claim("w", limit, max_processing, kVisibilityTimeout, Soon()));
    EXPECT_TRUE(jobs.ok()) << jobs.status();
    return jobs.ok() ? *std::move(jobs) : std::vector<Job>();
  };
  Sql("INSERT INTO agent_jobs (id, user_id, workflow_id) SELECT gen_random_uuid(), '" + ann_ +
      "', 'w' FROM generate_series(1, 6)");
  const std::vector<Job> first = take_within(2, 3);
  ASSERT_THAT(first, SizeIs(2));
  ASSERT_TRUE(Settle(first[0], JobStatus::kProcessing));
  // One job is processing, one is under dispatch.
  ASSERT_THAT(take_within(10, 3), SizeIs(1));
  EXPECT_THAT(take_within(10, 3), IsEmpty());
  ASSERT_TRUE(CallBack(first[0].id, "1").ok());
  EXPECT_THAT(take_within(10, 3), SizeIs(1));
  EXPECT_THAT(take_within(10, 0), SizeIs(2));
}

TEST_F(DispatchStoreTest, TheEndOfADispatchTellsAllReplicasOfTheFreePlace) {
  Metrics metrics;
  JobStores stores(Pushed(/*max_processing=*/3), read_store_, pool_, recorder_, metrics);
  Fill(ann_, 3);
  const std::vector<Job> jobs = Take(3);
  ASSERT_THAT(jobs, SizeIs(3));
  TakeChanges();
  const auto settle = [&](const Job& job, JobStatus status) {
    EXPECT_TRUE(*SyncWait(stores.dispatch.Settle(LeaseOf(job), status, "{}", Soon())));
    return TakeChanges().pending;
  };
  EXPECT_THAT(settle(jobs[0], JobStatus::kProcessing), IsEmpty()) << "the job keeps its place";
  EXPECT_THAT(settle(jobs[1], JobStatus::kCompleted), ElementsAre(testing::Pair("w", 1)));
  EXPECT_THAT(settle(jobs[2], JobStatus::kFailed), ElementsAre(testing::Pair("w", 1)));
  EXPECT_FALSE(
      *SyncWait(stores.dispatch.Settle(LeaseOf(jobs[2]), JobStatus::kCompleted, "{}", Soon())));
  EXPECT_THAT(TakeChanges().pending, IsEmpty()) << "nothing was written";
}

TEST_F(DispatchStoreTest, ARunFromBeforeARetryCannotKeepTheJobFromBeingPostedAgain) {
  const std::string id = MustCreate(ann_);
  ASSERT_TRUE(Settle(Take(1).at(0), JobStatus::kFailed, "{}"));
  Retry(id);
  const std::string progress = "{\"percent\": 90}";
  EXPECT_EQ(ErrorReason(Report(id, progress).status()), "ATTEMPT_SUPERSEDED");
  EXPECT_EQ(Get(id)->status, JobStatus::kPending);
  EXPECT_THAT(Take(10), SizeIs(1));
  EXPECT_EQ(ErrorReason(Report(id, progress).status()), "ATTEMPT_SUPERSEDED");
  EXPECT_TRUE(Report(id, std::nullopt, 2).ok());
}

TEST_F(DispatchStoreTest, ARetriedJobIsFreeForAnyReplicaAtOnce) {
  const std::string id = MustCreate(ann_);
  ASSERT_TRUE(Settle(Take(1).at(0), JobStatus::kFailed, "{}"));
  Retry(id);
  EXPECT_THAT(Take(10), SizeIs(1));
  // The job belongs to the replica that claimed it.
  EXPECT_THAT(Take(10), IsEmpty());
  EXPECT_EQ(Get(id)->result, std::nullopt);
}

}  // namespace
}  // namespace vibestack::job_service

#include <set>

#include "tests/integration/job_service/fixture.h"

namespace vibestack::job_service {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class AttemptsTest : public JobServiceTest {
 protected:
  // Claims the only job that is ready.
  Job ClaimOnly() {
    std::vector<Job> jobs = Claim(2);
    EXPECT_THAT(jobs, SizeIs(1));
    return jobs.empty() ? Job() : jobs[0];
  }
  // Fails the attempt of the only ready job, and makes the job ready again.
  void FailOnce(const std::string& code) {
    const absl::StatusOr<Job> failed =
        FailRetryably(LeaseOf(ClaimOnly()), code, absl::ZeroDuration());
    EXPECT_TRUE(failed.ok()) << failed.status();
    EXPECT_EQ(ReleaseScheduled(), 1) << code;
  }
  // Claims a job of `workflow_id` and makes it look as if this many attempts had failed.
  Lease ClaimedAfter(int failures, const std::string& workflow_id = "w") {
    const std::string id = MustCreate(ann_, workflow_id);
    EXPECT_THAT(Claim(1, {workflow_id}), SizeIs(1));
    Sql(R"(UPDATE agent_jobs SET result_payload = '{"vibestack_job": 1, "attempts": )" +
        std::to_string(failures) + "}' WHERE id = '" + id + "'");
    return LeaseOf(*Get(id));
  }
  // The time between the last failure of a job and its next attempt, in seconds.
  double DelayOf(const std::string& id) {
    return std::stod(
        One("SELECT extract(epoch FROM (result_payload ->> 'not_before')::timestamptz "
            "- (result_payload -> 'errors' -> -1 ->> 'time')::timestamptz) "
            "FROM agent_jobs WHERE id = '" +
            id + "'"));
  }
  // Lets the lease on a job run out, and returns the job.
  Job ExpireLeaseOf(const std::string& id) {
    Age(id, "61 seconds");
    EXPECT_EQ(Sweep(), 1);
    return *Get(id);
  }
  static std::vector<std::string> CodesOf(const Job& job) {
    std::vector<std::string> codes;
    for (const AttemptError& error : job.errors) codes.push_back(error.code);
    return codes;
  }
};

TEST_F(AttemptsTest, ARetryableFailurePutsTheJobBackWithItsInputAndItsError) {
  NewJob job = Make();
  job.input = R"({"n": 1})";
  MustCreate(job);
  const Lease lease = LeaseOf(ClaimOnly());
  TakeChanges();
  const absl::StatusOr<Job> failed = FailRetryably(lease, "E");
  ASSERT_TRUE(failed.ok()) << failed.status();
  EXPECT_EQ(failed->status, JobStatus::kPending);
  const JobChanges changes = TakeChanges();
  EXPECT_THAT(changes.changed, ElementsAre(job.id));
  EXPECT_THAT(changes.pending, IsEmpty()) << "the job waits for its backoff";
  EXPECT_THAT(Claim(10), IsEmpty());
  const JobPtr stored = Get(job.id);
  EXPECT_EQ(stored->status, JobStatus::kPending);
  EXPECT_EQ(stored->result, std::nullopt);
  EXPECT_EQ(stored->failed_attempts, 1);
  ASSERT_THAT(stored->errors, SizeIs(1));
  EXPECT_EQ(stored->errors[0].attempt, 1);
  EXPECT_EQ(stored->errors[0].code, "E");
  EXPECT_EQ(stored->errors[0].message, "why");
  EXPECT_LE(absl::AbsDuration(*stored->errors[0].time - stored->updated_at), absl::Seconds(5));
  EXPECT_GT(stored->not_before, stored->errors[0].time);
  MakeReady(job.id);
  const Job again = ClaimOnly();
  EXPECT_EQ(again.input, job.input);
  EXPECT_EQ(AttemptNumber(again), 2);
  EXPECT_THAT(CodesOf(again), ElementsAre("E"));
}

TEST_F(AttemptsTest, TheBackoffDoublesUpToAnHourLessUpToAHalf) {
  std::set<double> shares;
  for (const auto& [failures, most] :
       std::map<int, double>{{0, 1}, {1, 2}, {5, 32}, {11, 2'048}, {12, 3'600}, {23, 3'600}}) {
    for (int i = 0; i < 5; ++i) {
      const Lease lease = ClaimedAfter(failures);
      ASSERT_EQ(FailRetryably(lease)->status, JobStatus::kPending);
      const double delay = DelayOf(lease.job_id);
      EXPECT_GE(delay, most / 2 - 1e-6) << failures;
      EXPECT_LE(delay, most + 1e-6) << failures;
      shares.insert(delay / most);
    }
  }
  EXPECT_GT(shares.size(), 10U) << "the delays are not all the same share";
}

TEST_F(AttemptsTest, AGivenRetryDelayReplacesTheBackoff) {
  const Lease long_delay = Claimed();
  ASSERT_TRUE(FailRetryably(long_delay, "E", absl::Hours(24 * 366)).ok());
  EXPECT_EQ(DelayOf(long_delay.job_id), 24 * 366 * 3'600);
  EXPECT_EQ(ReleaseScheduled(), 0);
  const Lease no_delay = Claimed();
  ASSERT_TRUE(FailRetryably(no_delay, "E", absl::ZeroDuration()).ok());
  EXPECT_EQ(DelayOf(no_delay.job_id), 0);
  EXPECT_EQ(ReleaseScheduled(), 1);
  EXPECT_EQ(ClaimOnly().id, no_delay.job_id);
}

TEST_F(AttemptsTest, TheLastAttemptFailsTheJobWithAllItsErrors) {
  NewJob job = Make();
  job.input = "\"keep\"";
  job.max_attempts = 3;
  MustCreate(job);
  FailOnce("E1");
  FailOnce("E2");
  const Job last = ClaimOnly();
  EXPECT_EQ(AttemptNumber(last), 3);
  const absl::StatusOr<Job> failed = FailRetryably(LeaseOf(last), "E3", absl::ZeroDuration());
  ASSERT_TRUE(failed.ok()) << failed.status();
  EXPECT_EQ(failed->status, JobStatus::kFailed);
  const JobPtr stored = Get(job.id);
  EXPECT_EQ(stored->status, JobStatus::kFailed);
  EXPECT_EQ(stored->result, R"({"error": {"code": "E3", "details": null, "message": "why"}})");
  EXPECT_THAT(CodesOf(*stored), ElementsAre("E1", "E2", "E3"));
  EXPECT_EQ(AttemptNumber(*stored), 3);
  EXPECT_EQ(stored->input, job.input);
  EXPECT_EQ(stored->not_before, std::nullopt);
  EXPECT_EQ(ReleaseScheduled(), 0);
  EXPECT_THAT(Claim(10), IsEmpty());
}

TEST_F(AttemptsTest, AJobHasTwentyFiveAttemptsByDefault) {
  EXPECT_EQ(FailRetryably(ClaimedAfter(23))->status, JobStatus::kPending);
  EXPECT_EQ(FailRetryably(ClaimedAfter(24))->status, JobStatus::kFailed);
  EXPECT_EQ(FailRetryably(ClaimedAfter(1'000'000))->status, JobStatus::kFailed);
}

TEST_F(AttemptsTest, TheNumberOfTheWorkflowReplacesTheDefaultAndTheJobsOwnReplacesBoth) {
  std::map<std::string, Workflow> workflows;
  workflows["once"].max_attempts = 1;
  workflows["often"].max_attempts = 30;
  workflows["plain"].lease_duration = absl::Minutes(1);
  StoreOptions options;
  options.workflows = [set = std::make_shared<const WorkflowSet>(workflows)] { return set; };
  Metrics metrics;
  JobStores stores(options, read_store_, pool_, recorder_, metrics);
  const auto status_after = [&](const Lease& lease) {
    const auto failed = SyncWait(stores.finish.Finish(RetryableFailure(lease), Soon()));
    EXPECT_TRUE(failed.ok()) << failed.status();
    return failed.ok() ? failed->status : JobStatus::kUnknown;
  };
  EXPECT_EQ(status_after(ClaimedAfter(0, "once")), JobStatus::kFailed);
  EXPECT_EQ(status_after(ClaimedAfter(28, "often")), JobStatus::kPending);
  EXPECT_EQ(status_after(ClaimedAfter(29, "often")), JobStatus::kFailed);
  EXPECT_EQ(status_after(ClaimedAfter(23, "plain")), JobStatus::kPending);
  EXPECT_EQ(status_after(ClaimedAfter(24, "plain")), JobStatus::kFailed);
  NewJob job = Make("once");
  job.max_attempts = 2;
  MustCreate(job);
  EXPECT_EQ(status_after(LeaseOf(Claim(1, {"once"}).at(0))), JobStatus::kPending);
}

TEST_F(AttemptsTest, TheLastTenErrorsStay) {
  MustCreate(ann_);
  for (int i = 1; i <= 12; ++i) FailOnce(std::to_string(i));
  const Job job = ClaimOnly();
  EXPECT_EQ(AttemptNumber(job), 13);
  EXPECT_THAT(CodesOf(job), ElementsAre("3", "4", "5", "6", "7", "8", "9", "10", "11", "12"));
  EXPECT_EQ(job.errors.front().attempt, 3);
  EXPECT_EQ(job.errors.back().attempt, 12);
}

TEST_F(AttemptsTest, AnErrorIsCutToFiveHundredCharacters) {
  std::string message;
  for (int i = 0; i < 600; ++i) message += "ä";
  const Lease lease = Claimed();
  ASSERT_TRUE(Fail(lease, ErrorObject("E", message, "")).ok());
  const JobPtr job = Get(lease.job_id);
  ASSERT_THAT(job->errors, SizeIs(1));
  EXPECT_EQ(job->errors[0].message, message.substr(0, 2 * 500));
  // The job's own error is whole.
  EXPECT_THAT(*job->result, testing::HasSubstr(message));
}

TEST_F(AttemptsTest, TheSameReportTwiceIsFineAndCountsOnce) {
  const Lease lease = Claimed();
  const absl::StatusOr<Job> first = FailRetryably(lease, "E");
  ASSERT_TRUE(first.ok()) << first.status();
  const absl::StatusOr<Job> second = FailRetryably(lease, "E");
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->status, JobStatus::kPending);
  EXPECT_EQ(second->updated_at, first->updated_at);
  EXPECT_EQ(Get(lease.job_id)->failed_attempts, 1);
  // Another report of this attempt comes too late.
  EXPECT_EQ(ErrorReason(FailRetryably(lease, "F").status()), "LEASE_LOST");
  EXPECT_EQ(ErrorReason(Complete(lease).status()), "LEASE_LOST");
  // The same holds while the next attempt runs.
  MakeReady(lease.job_id);
  const Lease next = LeaseOf(ClaimOnly());
  EXPECT_TRUE(FailRetryably(lease, "E").ok());
  EXPECT_EQ(ErrorReason(FailRetryably(lease, "F").status()), "LEASE_LOST");
  EXPECT_EQ(Get(lease.job_id)->failed_attempts, 1);
  EXPECT_TRUE(Complete(next, "1").ok());
  EXPECT_EQ(ErrorReason(FailRetryably(lease, "E").status()), "LEASE_LOST");
}

TEST_F(AttemptsTest, TheSameReportTwiceInOneBatchCountsOnce) {
  const Lease lease = Claimed();
  const JobFinish report = RetryableFailure(lease);
  for (const auto& finished : SyncWait(stores_.finish.FinishAll({report, report}, Soon()))) {
    EXPECT_TRUE(finished.ok()) << finished.status();
  }
  EXPECT_EQ(Get(lease.job_id)->failed_attempts, 1);
}

TEST_F(AttemptsTest, ASecondAttemptWithTheSameCodeCountsAgain) {
  MustCreate(ann_);
  FailOnce("E");
  FailOnce("E");
  EXPECT_EQ(AttemptNumber(ClaimOnly()), 3);
}

TEST_F(AttemptsTest, AFinalFailureIsFinalWhateverIsLeft) {
  const Lease lease = Claimed();
  const absl::StatusOr<Job> failed = Fail(lease, ErrorObject("E", "", ""));
  ASSERT_TRUE(failed.ok()) << failed.status();
  EXPECT_EQ(failed->status, JobStatus::kFailed);
  EXPECT_THAT(CodesOf(*Get(lease.job_id)), ElementsAre("E"));
  EXPECT_EQ(AttemptNumber(*Get(lease.job_id)), 1);
}

TEST_F(AttemptsTest, ALeaseThatRanOutCountsAsAnAttempt) {
  NewJob job = Make();
  job.input = "{}";
  MustCreate(job);
  ClaimOnly();
  const Job swept = ExpireLeaseOf(job.id);
  EXPECT_EQ(swept.status, JobStatus::kPending);
  EXPECT_EQ(AttemptNumber(swept), 2);
  EXPECT_EQ(swept.input, "{}");
  EXPECT_THAT(CodesOf(swept), ElementsAre("LEASE_EXPIRED"));
  EXPECT_GE(DelayOf(job.id), 0.5 - 1e-6);
  EXPECT_LE(DelayOf(job.id), 1 + 1e-6);
  EXPECT_THAT(Claim(10), IsEmpty());
}

TEST_F(AttemptsTest, AJobThatKillsItsWorkersEndsAsFailed) {
  NewJob job = Make();
  job.input = "{}";
  job.max_attempts = 2;
  MustCreate(job);
  ClaimOnly();
  ExpireLeaseOf(job.id);
  MakeReady(job.id);
  ClaimOnly();
  TakeChanges();
  const Job failed = ExpireLeaseOf(job.id);
  EXPECT_THAT(TakeChanges().changed, ElementsAre(job.id));
  EXPECT_EQ(failed.status, JobStatus::kFailed);
  EXPECT_THAT(*failed.result, testing::HasSubstr(R"("code": "ATTEMPTS_EXHAUSTED")"));
  EXPECT_THAT(CodesOf(failed), ElementsAre("LEASE_EXPIRED", "LEASE_EXPIRED"));
  EXPECT_EQ(AttemptNumber(failed), 2);
  EXPECT_EQ(failed.input, "{}");
  EXPECT_EQ(failed.not_before, std::nullopt);
  // Somebody may retry it by hand.
  ASSERT_TRUE(Retry(job.id).ok());
  EXPECT_EQ(AttemptNumber(ClaimOnly()), 3);
}

TEST_F(AttemptsTest, AReleaseCountsNothing) {
  NewJob job = Make();
  job.input = "1";
  job.max_attempts = 1;
  MustCreate(job);
  const std::string payload = PayloadOf(job.id);
  for (int i = 0; i < 3; ++i) {
    const Job claimed = ClaimOnly();
    EXPECT_EQ(AttemptNumber(claimed), 1);
    EXPECT_EQ(claimed.input, "1");
    const auto released = SyncWait(stores_.lease.Release({LeaseOf(claimed)}, Soon()));
    ASSERT_TRUE(released.ok() && released->at(0).ok());
    EXPECT_EQ(PayloadOf(job.id), payload);
  }
  EXPECT_TRUE(Complete(LeaseOf(ClaimOnly())).ok());
}

TEST_F(AttemptsTest, AClaimAndAHeartbeatDoNotWriteThePayload) {
  NewJob job = Make();
  job.input = "1";
  MustCreate(job);
  const std::string payload = PayloadOf(job.id);
  ASSERT_TRUE(Heartbeat(LeaseOf(ClaimOnly())).ok());
  EXPECT_EQ(PayloadOf(job.id), payload);
  const std::string bare = MustCreate(ann_, "v");
  ASSERT_TRUE(Heartbeat(LeaseOf(Claim(1, {"v"}).at(0))).ok());
  EXPECT_EQ(PayloadOf(bare), "NULL");
}

TEST_F(AttemptsTest, OneBatchMayHoldEveryKindOfEnd) {
  Fill(ann_, 4);
  const std::vector<Job> jobs = Claim(4);
  ASSERT_THAT(jobs, SizeIs(4));
  std::vector<JobFinish> finishes = {{LeaseOf(jobs[0]), JobStatus::kCompleted, "1"},
                                     {LeaseOf(jobs[1]), JobStatus::kFailed, "{}"},
                                     RetryableFailure(LeaseOf(jobs[2])),
                                     RetryableFailure(LeaseOf(jobs[3]), "E", absl::Hours(3))};
  const auto finished = SyncWait(stores_.finish.FinishAll(std::move(finishes), Soon()));
  const JobStatus expected[] = {JobStatus::kCompleted, JobStatus::kFailed, JobStatus::kPending,
                                JobStatus::kPending};
  for (size_t i = 0; i < jobs.size(); ++i) {
    ASSERT_TRUE(finished[i].ok()) << finished[i].status();
    EXPECT_EQ(finished[i]->status, expected[i]) << i;
  }
  EXPECT_LE(DelayOf(jobs[2].id), 1 + 1e-6);
  EXPECT_EQ(DelayOf(jobs[3].id), 3 * 3'600);
}

}  // namespace
}  // namespace vibestack::job_service

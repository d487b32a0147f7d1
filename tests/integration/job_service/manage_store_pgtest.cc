#include "job_service/domain/job_error.h"
#include "tests/integration/job_service/fixture.h"

namespace vibestack::job_service {
namespace {

using testing::ElementsAre;

class ManageStoreTest : public JobServiceTest {
 protected:
  absl::Status Delete(const std::string& id, std::optional<std::string> owner = {}) {
    return SyncWait(stores_.manage.Delete(id, std::move(owner), Soon()));
  }
};

TEST_F(ManageStoreTest, APendingJobFailsWithTheCodeCancelled) {
  const std::string id = MustCreate(ann_);
  TakeChanges();
  const absl::StatusOr<Job> job = Cancel(id, ann_);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->status, JobStatus::kFailed);
  EXPECT_EQ(One("SELECT result_payload #>> '{error,code}' FROM agent_jobs"), "CANCELLED");
  EXPECT_THAT(TakeChanges().changed, ElementsAre(id));
  EXPECT_TRUE(Claim(1).empty());
}

TEST_F(ManageStoreTest, CancellingEndsTheWorkersLease) {
  const std::string id = MustCreate(ann_);
  const Lease lease = LeaseOf(Claim(1)[0]);
  ASSERT_TRUE(Cancel(id).ok());
  EXPECT_EQ(ErrorReason(Heartbeat(lease).status()), "JOB_CANCELLED");
  EXPECT_EQ(ErrorReason(Complete(lease).status()), "LEASE_LOST");
}

TEST_F(ManageStoreTest, CancellingTwiceIsFine) {
  const std::string id = MustCreate(ann_);
  const absl::StatusOr<Job> first = Cancel(id);
  const absl::StatusOr<Job> second = Cancel(id);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->updated_at, first->updated_at);
}

TEST_F(ManageStoreTest, AJobThatEndedOtherwiseStays) {
  const std::string id = MustCreate(ann_);
  ASSERT_TRUE(Complete(LeaseOf(Claim(1)[0]), "1").ok());
  EXPECT_EQ(ErrorReason(Cancel(id).status()), "JOB_TERMINAL");
  EXPECT_EQ(Get(id)->result, "1");
}

TEST_F(ManageStoreTest, AnotherUsersJobIsUnchangedAndLooksMissing) {
  const std::string id = MustCreate(ann_);
  EXPECT_EQ(Cancel(id, bob_).status(), Cancel(NewUuid(), bob_).status());
  EXPECT_EQ(ErrorReason(Cancel(id, bob_).status()), "NOT_YOURS");
  EXPECT_EQ(Get(id)->status, JobStatus::kPending);
  EXPECT_EQ(ErrorReason(Cancel(NewUuid()).status()), "JOB_NOT_FOUND");
}

TEST_F(ManageStoreTest, AFailedJobIsTriedAgainWithoutItsError) {
  const std::string id = Failed();
  TakeChanges();
  const absl::StatusOr<Job> job = Retry(id, ann_);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->status, JobStatus::kPending);
  EXPECT_EQ(job->result, std::nullopt);
  EXPECT_EQ(Get(id)->result, std::nullopt);
  const JobChanges changes = TakeChanges();
  EXPECT_THAT(changes.changed, ElementsAre(id));
  EXPECT_EQ(changes.pending.at("w"), 1);
  EXPECT_TRUE(Retry(id, ann_).ok()) << "the same call again";
  EXPECT_THAT(Claim(10), testing::SizeIs(1));
  EXPECT_EQ(ErrorReason(Retry(id, ann_).status()), "JOB_NOT_FAILED");
}

TEST_F(ManageStoreTest, ARetriedJobKeepsItsInputAndItsErrors) {
  NewJob job = Make();
  job.input = R"({"n": 1})";
  MustCreate(job);
  ASSERT_TRUE(FailRetryably(LeaseOf(Claim(1).at(0)), "FIRST", absl::ZeroDuration()).ok());
  EXPECT_EQ(ReleaseScheduled(), 1);
  ASSERT_TRUE(Fail(LeaseOf(Claim(1).at(0)), ErrorObject("SECOND", "no", "")).ok());
  const absl::StatusOr<Job> retried = Retry(job.id);
  ASSERT_TRUE(retried.ok()) << retried.status();
  EXPECT_EQ(AttemptNumber(*retried), 3);
  ASSERT_EQ(retried->errors.size(), 2U);
  EXPECT_EQ(retried->errors[0].code, "FIRST");
  EXPECT_EQ(retried->errors[1].code, "SECOND");
  const Job claimed = Claim(1).at(0);
  EXPECT_EQ(claimed.input, job.input);
  EXPECT_EQ(AttemptNumber(claimed), 3);
  EXPECT_EQ(claimed.errors.size(), 2U);
  EXPECT_EQ(claimed.result, std::nullopt);
}

TEST_F(ManageStoreTest, ARetryGivesAJobWithoutAttemptsOneMore) {
  NewJob job = Make();
  job.max_attempts = 2;
  MustCreate(job);
  ASSERT_TRUE(FailRetryably(LeaseOf(Claim(1).at(0)), "E", absl::ZeroDuration()).ok());
  EXPECT_EQ(ReleaseScheduled(), 1);
  for (int attempt = 2; attempt <= 4; ++attempt) {
    const std::vector<Job> claimed = Claim(1);
    ASSERT_EQ(claimed.size(), 1U) << attempt;
    EXPECT_EQ(AttemptNumber(claimed[0]), attempt);
    const absl::StatusOr<Job> failed = FailRetryably(LeaseOf(claimed[0]));
    ASSERT_TRUE(failed.ok()) << failed.status();
    EXPECT_EQ(failed->status, JobStatus::kFailed) << attempt;
    const absl::StatusOr<Job> retried = Retry(job.id);
    ASSERT_TRUE(retried.ok()) << retried.status();
    EXPECT_EQ(retried->max_attempts, attempt + 1);
  }
}

TEST_F(ManageStoreTest, ARetryOfAJobWithAttemptsLeftDoesNotChangeTheirNumber) {
  NewJob job = Make();
  job.max_attempts = 2;
  MustCreate(job);
  ASSERT_TRUE(Fail(LeaseOf(Claim(1).at(0)), ErrorObject("E", "", "")).ok());
  EXPECT_EQ(Retry(job.id)->max_attempts, 2);
}

TEST_F(ManageStoreTest, ACancelledJobKeepsItsInput) {
  NewJob job = Make();
  job.input = "[1, 2]";
  MustCreate(job);
  const Lease lease = LeaseOf(Claim(1).at(0));
  ASSERT_TRUE(Progress(lease, "50").ok());
  const absl::StatusOr<Job> cancelled = Cancel(job.id);
  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  EXPECT_EQ(cancelled->result,
            R"({"error": {"code": "CANCELLED", "details": null, "message": "why"}})");
  const JobPtr stored = Get(job.id);
  EXPECT_EQ(stored->input, "[1, 2]");
  ASSERT_EQ(stored->errors.size(), 1U);
  EXPECT_EQ(stored->errors[0].code, "CANCELLED");
  EXPECT_EQ(stored->errors[0].message, "why");
  // The run that was cancelled was the first attempt.
  EXPECT_EQ(AttemptNumber(*stored), 1);
  ASSERT_TRUE(Retry(job.id).ok());
  const Job again = Claim(1).at(0);
  EXPECT_EQ(again.input, "[1, 2]");
  EXPECT_EQ(AttemptNumber(again), 2);
}

TEST_F(ManageStoreTest, ACancelledJobDoesNotStartAtItsTime) {
  NewJob job = Make();
  job.delay = absl::Milliseconds(1);
  MustCreate(job);
  ASSERT_TRUE(Cancel(job.id).ok());
  EXPECT_EQ(ReleaseScheduled(), 0);
  EXPECT_EQ(Get(job.id)->status, JobStatus::kFailed);
  EXPECT_EQ(Get(job.id)->not_before, std::nullopt);
  // A retry does not wait for the time either.
  ASSERT_TRUE(Retry(job.id).ok());
  EXPECT_EQ(Claim(1).size(), 1U);
}

TEST_F(ManageStoreTest, ALateWorkerCannotWriteAfterARetryOrADeletion) {
  const Lease late = Claimed();
  ASSERT_TRUE(Cancel(late.job_id).ok());
  ASSERT_TRUE(Retry(late.job_id).ok());
  EXPECT_EQ(ErrorReason(Complete(late).status()), "LEASE_LOST");
  const Lease newer = LeaseOf(Claim(1).at(0));
  EXPECT_EQ(ErrorReason(Complete(late).status()), "LEASE_LOST");
  EXPECT_EQ(ErrorReason(Progress(late, "1").status()), "LEASE_LOST");
  ASSERT_TRUE(Complete(newer, "2").ok());
  ASSERT_TRUE(Delete(late.job_id).ok());
  EXPECT_EQ(ErrorReason(Complete(late).status()), "JOB_NOT_FOUND");
  EXPECT_EQ(ErrorReason(Progress(late, "1").status()), "JOB_NOT_FOUND");
}

TEST_F(ManageStoreTest, OnlyTerminalJobsAreDeletedAndTheirUserIsNotified) {
  const Lease lease = Claimed();
  EXPECT_EQ(ErrorReason(Delete(lease.job_id)), "JOB_NOT_TERMINAL");
  ASSERT_TRUE(Complete(lease).ok());
  EXPECT_EQ(ErrorReason(Delete(lease.job_id, bob_)), "NOT_YOURS");
  EXPECT_EQ(ErrorReason(Retry(lease.job_id, bob_).status()), "NOT_YOURS");
  TakeChanges();
  ASSERT_TRUE(Delete(lease.job_id, ann_).ok());
  EXPECT_THAT(TakeChanges().deleted.at(ann_), ElementsAre(lease.job_id));
  EXPECT_EQ(ErrorReason(Delete(lease.job_id)), "JOB_NOT_FOUND");
  EXPECT_EQ(ErrorReason(Retry(lease.job_id).status()), "JOB_NOT_FOUND");
}

TEST_F(ManageStoreTest, AJobThatAnotherTableRefersToSaysWhichTable) {
  const std::string id = Failed();
  for (const char* rule : {"NO ACTION", "RESTRICT", "NO ACTION DEFERRABLE INITIALLY DEFERRED"}) {
    SCOPED_TRACE(rule);
    Sql("CREATE TABLE referring_notes (job_id uuid CONSTRAINT k REFERENCES agent_jobs ON DELETE " +
        std::string(rule) + ")");
    Sql("INSERT INTO referring_notes VALUES ('" + id + "')");
    const absl::Status deleted = Delete(id);
    Sql("DROP TABLE referring_notes");
    EXPECT_TRUE(absl::IsFailedPrecondition(deleted)) << deleted;
    EXPECT_EQ(ErrorReason(deleted), "STILL_REFERENCED");
    EXPECT_EQ(ErrorMetadata(deleted, "table"), "referring_notes");
  }
  EXPECT_TRUE(Delete(id).ok());
}

TEST_F(ManageStoreTest, AJobWithAForeignStatusGetsOneAnswer) {
  const std::string id = MustCreate(ann_);
  const std::string check = One(
      "SELECT conname FROM pg_constraint WHERE conrelid = 'agent_jobs'::regclass AND contype = 'c' "
      "AND pg_get_constraintdef(oid) LIKE '%processing%'");
  const std::string definition =
      One("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = '" + check + "'");
  Sql("ALTER TABLE agent_jobs DROP CONSTRAINT \"" + check + "\"");
  Sql("UPDATE agent_jobs SET status = 'archived'");
  RunReport report;
  report.job_id = id;
  report.result = "1";
  for (const absl::Status& status :
       {Cancel(id).status(), Retry(id).status(), Delete(id),
        SyncWait(stores_.dispatch.FinishRun(report, Soon())).status()}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_EQ(ErrorReason(status), "JOB_STATUS_UNKNOWN") << status;
  }
  Sql("DELETE FROM agent_jobs");
  Sql("ALTER TABLE agent_jobs ADD CONSTRAINT \"" + check + "\" " + definition);
}

}  // namespace
}  // namespace vibestack::job_service

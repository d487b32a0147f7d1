#include "job_service/domain/job_error.h"
#include "tests/integration/job_service/fixture.h"

namespace vibestack::job_service {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::SizeIs;
using testing::UnorderedElementsAreArray;

using Answers = ManageStore::Answers;
using Ids = std::vector<std::string>;

// "OK", or the reason of the error, for each answer.
Ids Outcomes(const Answers& answers) {
  Ids outcomes;
  for (const absl::StatusOr<Job>& answer : answers) {
    outcomes.push_back(answer.ok() ? "OK" : ErrorReason(answer.status()));
  }
  return outcomes;
}

class ManageStoreTest : public JobServiceTest {
 protected:
  absl::Status Delete(const std::string& id, std::optional<std::string> owner = {}) {
    return SyncWait(stores_.manage.Delete(id, std::move(owner), Soon()));
  }
  Answers CancelAll(Ids ids, std::optional<std::string> owner = {}) {
    return SyncWait(stores_.manage.CancelAll(std::move(ids), std::move(owner),
                                             ErrorObject(kCancelledCode, "why", ""), Soon()));
  }
  Answers RetryAll(Ids ids, std::optional<std::string> owner = {}) {
    return SyncWait(stores_.manage.RetryAll(std::move(ids), std::move(owner), Soon()));
  }
  Answers DeleteAll(Ids ids, std::optional<std::string> owner = {}) {
    return SyncWait(stores_.manage.DeleteAll(std::move(ids), std::move(owner), Soon()));
  }
  // Creates a job of Ann's, completes it, and returns its id.
  std::string Completed() {
    const Lease lease = Claimed();
    EXPECT_TRUE(Complete(lease, "1").ok());
    return lease.job_id;
  }
  // The ids of all jobs.
  Ids AllIds() {
    Ids ids;
    for (const auto& row : Sql("SELECT id FROM agent_jobs")) ids.emplace_back(row[0].c_str());
    return ids;
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

TEST_F(ManageStoreTest, EachJobOfABatchHasAnAnswerOfItsOwn) {
  const std::string completed = Completed();
  const std::string failed = Failed();
  const std::string processing = Claimed().job_id;
  const std::string pending = MustCreate(ann_);
  const std::string others = MustCreate(bob_);
  const Ids ids = {pending, NewUuid(), completed, failed, processing, others, pending};
  TakeChanges();
  EXPECT_THAT(Outcomes(CancelAll(ids, ann_)), ElementsAre("OK", "NOT_YOURS", "JOB_TERMINAL",
                                                          "JOB_TERMINAL", "OK", "NOT_YOURS", "OK"));
  EXPECT_THAT(TakeChanges().changed, UnorderedElementsAreArray({pending, processing, pending}));
  EXPECT_EQ(Get(pending)->errors.at(0).message, "why");
  EXPECT_EQ(Get(pending)->errors.size(), 1U) << "the second item changed it again";
  EXPECT_EQ(Get(others)->status, JobStatus::kPending);

  const Ids again = {processing, completed, others, failed, NewUuid(), failed};
  EXPECT_THAT(Outcomes(RetryAll(again)),
              ElementsAre("OK", "JOB_NOT_FAILED", "OK", "OK", "JOB_NOT_FOUND", "OK"));
  EXPECT_EQ(TakeChanges().pending.at("w"), 4);

  const Ids last = {completed, others, pending, completed};
  EXPECT_THAT(Outcomes(DeleteAll(last, ann_)), ElementsAre("OK", "NOT_YOURS", "OK", "NOT_YOURS"));
  EXPECT_THAT(TakeChanges().deleted.at(ann_), UnorderedElementsAreArray({completed, pending}));
  EXPECT_THAT(Outcomes(DeleteAll({failed, completed})),
              ElementsAre("JOB_NOT_TERMINAL", "JOB_NOT_FOUND"));
}

TEST_F(ManageStoreTest, ABatchWritesWhatTheSingleCallWrites) {
  NewJob one = Make();
  one.input = R"({"n": 1})";
  one.max_attempts = 1;
  NewJob many = one;
  many.id = NewUuid();
  for (const NewJob& job : {one, many}) MustCreate(job);
  const std::string same =
      "SELECT count(DISTINCT (status, result_payload - 'not_before' #- '{errors,0,time}' "
      "#- '{errors,0,token}')) FROM agent_jobs";
  ASSERT_TRUE(Cancel(one.id).ok());
  EXPECT_THAT(Outcomes(CancelAll({many.id})), ElementsAre("OK"));
  EXPECT_EQ(One(same), "1") << PayloadOf(one.id) << PayloadOf(many.id);
  ASSERT_TRUE(Retry(one.id).ok());
  EXPECT_THAT(Outcomes(RetryAll({many.id})), ElementsAre("OK"));
  EXPECT_EQ(One(same), "1") << PayloadOf(one.id) << PayloadOf(many.id);
  const std::vector<Job> claimed = Claim(2);
  ASSERT_THAT(claimed, SizeIs(2));
  for (const Job& job : claimed) {
    EXPECT_EQ(job.input, one.input);
    EXPECT_EQ(job.max_attempts, 2);
  }
}

TEST_F(ManageStoreTest, ABatchDoesNotWaitForAJobThatAnotherSessionHasLocked) {
  Fill(ann_, 20);
  const Ids ids = AllIds();
  pqxx::connection other(DatabaseUrl());
  pqxx::work transaction(other);
  transaction.exec("SELECT FROM agent_jobs WHERE id = '" + ids[7] + "' FOR UPDATE");
  const Ids cancelled = Outcomes(CancelAll(ids));
  for (size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(cancelled[i], i == 7 ? "CONFLICT" : "OK") << i;
  transaction.abort();
  EXPECT_THAT(Outcomes(CancelAll(ids)), Each("OK"));
}

TEST_F(ManageStoreTest, ARowThatTheDatabaseRefusesDoesNotHarmItsNeighbours) {
  Fill(ann_, 20);
  const Ids ids = AllIds();
  // Another program forbids what one row would become.
  Sql("ALTER TABLE agent_jobs ADD CONSTRAINT never CHECK (NOT (id = '" + ids[3] +
      "' AND status = 'failed'))");
  const Ids cancelled = Outcomes(CancelAll(ids));
  Sql("ALTER TABLE agent_jobs DROP CONSTRAINT never");
  for (size_t i = 0; i < ids.size(); ++i) {
    EXPECT_EQ(cancelled[i], i == 3 ? "INVALID_VALUE" : "OK") << i;
  }
}

TEST_F(ManageStoreTest, AThousandJobsNeedFewStatements) {
  Fill(ann_, 1'000);
  const Ids ids = AllIds();
  const auto batches_of = [this](const std::string& kind) {
    return metrics_.Histogram("vibestack_batch_size", "", {{"kind", kind}}, {})
        .Collect()
        .histogram.sample_count;
  };
  EXPECT_THAT(Outcomes(CancelAll(ids, ann_)), Each("OK"));
  EXPECT_THAT(Outcomes(RetryAll(ids, ann_)), Each("OK"));
  EXPECT_THAT(Outcomes(CancelAll(ids, ann_)), Each("OK"));
  EXPECT_THAT(Outcomes(DeleteAll(ids, ann_)), Each("OK"));
  EXPECT_EQ(One("SELECT count(*) FROM agent_jobs"), "0");
  EXPECT_LE(batches_of("retry_jobs"), 12U);
  EXPECT_LE(batches_of("delete_jobs"), 4U);
}

}  // namespace
}  // namespace vibestack::job_service

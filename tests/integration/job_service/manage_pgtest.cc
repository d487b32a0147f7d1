#include <set>

#include "tests/integration/job_service/fixture.h"

namespace vibestack::job_service {
namespace {

using testing::ElementsAre;

class ManageTest : public JobServiceTest {
 protected:
  absl::StatusOr<Job> Retry(const std::string& id, std::optional<std::string> owner = {}) {
    return SyncWait(store_.Retry(id, std::move(owner), Soon()));
  }
  absl::Status Delete(const std::string& id, std::optional<std::string> owner = {}) {
    return SyncWait(store_.Delete(id, std::move(owner), Soon()));
  }
  absl::StatusOr<Job> Progress(const Lease& lease, const std::string& part) {
    return SyncWait(store_.Progress({lease, JobStatus::kProcessing, part}, Soon()));
  }
  std::vector<absl::Status> Release(std::vector<Lease> leases) {
    auto released = SyncWait(store_.Release(std::move(leases), Soon()));
    EXPECT_TRUE(released.ok()) << released.status();
    return released.ok() ? *released : std::vector<absl::Status>();
  }
  int Expire(absl::Duration retention) {
    const absl::StatusOr<int> expired = SyncWait(store_.Expire(retention, 1'000, Soon()));
    EXPECT_TRUE(expired.ok()) << expired.status();
    return expired.value_or(-1);
  }
  Lease Claimed() {
    MustCreate(ann_);
    return LeaseOf(Claim(1).at(0));
  }
  // A job of ann's that failed.
  std::string Failed() {
    const Lease lease = Claimed();
    EXPECT_TRUE(
        SyncWait(store_.Finish({lease, JobStatus::kFailed, R"({"error":1})"}, Soon())).ok());
    return lease.job_id;
  }
};

TEST_F(ManageTest, AFailedJobIsTriedAgainWithoutItsError) {
  const std::string id = Failed();
  TakeChanges();
  const absl::StatusOr<Job> job = Retry(id, ann_);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->status, JobStatus::kPending);
  EXPECT_EQ(One("SELECT result_payload FROM agent_jobs"), "NULL");
  const JobChanges changes = TakeChanges();
  EXPECT_THAT(changes.changed, ElementsAre(id));
  EXPECT_EQ(changes.pending.at("w"), 1);
  EXPECT_TRUE(Retry(id, ann_).ok()) << "the same call again";
  EXPECT_THAT(Claim(10), testing::SizeIs(1));
  EXPECT_EQ(ErrorReason(Retry(id, ann_).status()), "JOB_NOT_FAILED");
}

TEST_F(ManageTest, ALateWorkerCannotWriteAfterARetryOrADeletion) {
  const Lease late = Claimed();
  ASSERT_TRUE(
      SyncWait(store_.Cancel(late.job_id, {}, R"({"error":{"code":"CANCELLED"}})", Soon())).ok());
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

TEST_F(ManageTest, OnlyTerminalJobsAreDeletedAndTheirUserIsNotified) {
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

TEST_F(ManageTest, ProgressIsStoredAndReplacesTheLeaseToken) {
  const Lease lease = Claimed();
  TakeChanges();
  const absl::StatusOr<Job> progress = Progress(lease, R"({"part": 1})");
  ASSERT_TRUE(progress.ok()) << progress.status();
  EXPECT_THAT(TakeChanges().changed, ElementsAre(lease.job_id));
  EXPECT_EQ(Get(lease.job_id)->result, R"({"part": 1})");
  EXPECT_EQ(Get(lease.job_id)->status, JobStatus::kProcessing);
  // Not even the same part is a key to the lease.
  EXPECT_EQ(ErrorReason(Progress(lease, R"({"part": 1})").status()), "LEASE_LOST");
  EXPECT_EQ(ErrorReason(Complete(lease).status()), "LEASE_LOST");
  EXPECT_TRUE(Complete(LeaseOf(*progress), "2").ok());
}

TEST_F(ManageTest, ReleasedJobsArePendingAtOnceAndOthersStay) {
  const Lease mine = Claimed();
  const Lease ended = Claimed();
  ASSERT_TRUE(Complete(ended).ok());
  const Lease gone{NewUuid(), 1};
  TakeChanges();
  const auto released = Release({mine, ended, gone});
  ASSERT_EQ(released.size(), 3U);
  EXPECT_TRUE(released[0].ok()) << released[0];
  EXPECT_EQ(ErrorReason(released[1]), "LEASE_LOST");
  EXPECT_EQ(ErrorReason(released[2]), "JOB_NOT_FOUND");
  EXPECT_EQ(TakeChanges().pending.at("w"), 1);
  EXPECT_EQ(ErrorReason(Heartbeat(mine).status()), "LEASE_LOST");
  EXPECT_THAT(Claim(10), testing::SizeIs(1));
}

TEST_F(ManageTest, AHeartbeatReportsThatTheJobWasCancelled) {
  const Lease lease = Claimed();
  ASSERT_TRUE(
      SyncWait(store_.Cancel(lease.job_id, {}, R"({"error":{"code":"CANCELLED"}})", Soon())).ok());
  EXPECT_EQ(ErrorReason(Heartbeat(lease).status()), "JOB_CANCELLED");
  EXPECT_EQ(ErrorReason(Complete(lease).status()), "LEASE_LOST");
}

TEST_F(ManageTest, StatsCountByWorkflowAndStateAndKnowTheOldest) {
  Fill(ann_, 3, "a");
  Fill(bob_, 2, "b");
  Sql("UPDATE agent_jobs SET status = 'completed' WHERE workflow_id = 'b'");
  Sql("UPDATE agent_jobs SET status = NULL, created_at = now() - interval '90 s' "
      "WHERE id = (SELECT min(id::text)::uuid FROM agent_jobs WHERE workflow_id = 'a')");
  const auto all = *SyncWait(store_.Count({}, Soon()));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].workflow_id, "a");
  EXPECT_EQ(all[0].jobs.at(JobStatus::kPending), 3);
  EXPECT_GE(*all[0].oldest_pending, absl::Seconds(90));
  EXPECT_LT(*all[0].oldest_pending, absl::Seconds(150));
  EXPECT_EQ(all[1].jobs.at(JobStatus::kCompleted), 2);
  EXPECT_EQ(all[1].jobs.at(JobStatus::kFailed), 0);
  EXPECT_FALSE(all[1].oldest_pending.has_value());
  const auto named = *SyncWait(store_.Count({"none", "b", "b"}, Soon()));
  ASSERT_EQ(named.size(), 3U);
  EXPECT_EQ(named[0].jobs.at(JobStatus::kPending), 0);
  for (const size_t i : {1, 2}) EXPECT_EQ(named[i].jobs.at(JobStatus::kCompleted), 2);
}

TEST_F(ManageTest, CountsEndAtTenThousand) {
  Fill(ann_, 10'050);
  const auto stats = *SyncWait(store_.Count({}, Soon()));
  EXPECT_EQ(stats.at(0).jobs.at(JobStatus::kPending), 10'000);
}

TEST_F(ManageTest, RetentionDeletesOldTerminalJobsOnly) {
  const Lease open = Claimed();
  const std::string old = Failed();
  const std::string fresh = Failed();
  Age(old, "2 hours");
  Age(open.job_id, "2 hours");
  MustCreate(ann_);
  TakeChanges();
  EXPECT_EQ(Expire(absl::Hours(1)), 1);
  EXPECT_THAT(TakeChanges().deleted.at(ann_), ElementsAre(old));
  EXPECT_EQ(Expire(absl::Hours(1)), 0);
  EXPECT_NE(Get(fresh), nullptr);
  EXPECT_NE(Get(open.job_id), nullptr);
  EXPECT_EQ(One("SELECT count(*) FROM agent_jobs"), "3");
}

TEST_F(ManageTest, RetentionGoesInBoundedBatches) {
  Fill(ann_, 2'500);
  Sql("UPDATE agent_jobs SET status = 'completed'");
  EXPECT_EQ(Expire(-absl::Hours(1)), 1'000);
  EXPECT_EQ(One("SELECT count(*) FROM agent_jobs"), "1500");
}

TEST_F(ManageTest, WhatChangedLatelyIsFoundWhateverItsState) {
  MustCreate(ann_, "older");
  const absl::Time since = SyncWait(store_.FindChanged(absl::InfiniteFuture(), Soon()))->now;
  const std::string failed = Failed();
  Fill(bob_, 6'000, "many");
  const auto changes = SyncWait(store_.FindChanged(since, Soon()));
  ASSERT_TRUE(changes.ok()) << changes.status();
  EXPECT_TRUE(changes->complete);
  std::set<std::string> ids;
  for (const auto& job : changes->jobs) ids.insert(job.id);
  EXPECT_EQ(ids.size(), changes->jobs.size()) << "none twice";
  EXPECT_EQ(ids.size(), 6'001U);
  EXPECT_TRUE(ids.contains(failed));
}

}  // namespace
}  // namespace vibestack::job_service

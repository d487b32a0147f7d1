#include <thread>

#include "absl/synchronization/barrier.h"
#include "absl/time/clock.h"
#include "tests/integration/job_service/fixture.h"
#include "tests/support/eventually.h"

namespace vibestack::job_service {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using LeasesTest = JobServiceTest;

// Lets so much time go by without giving up the processor; none where it is negative.
void Spin(absl::Duration time) {
  const absl::Time end = absl::Now() + time;
  while (absl::Now() < end) continue;
}

TEST_F(LeasesTest, AHeartbeatReplacesTheToken) {
  MustCreate(ann_);
  const Lease first = LeaseOf(Claim(1)[0]);
  const absl::StatusOr<absl::Time> extended = Heartbeat(first);
  ASSERT_TRUE(extended.ok()) << extended.status();
  const Lease second{first.job_id, absl::ToUnixMicros(*extended)};
  EXPECT_GT(second.token, first.token);
  EXPECT_EQ(ErrorReason(Heartbeat(first).status()), "LEASE_LOST");
  EXPECT_EQ(ErrorReason(Complete(first).status()), "LEASE_LOST");
  EXPECT_TRUE(Heartbeat(second).ok());
}

TEST_F(LeasesTest, LeasesOfJobsThatAreNotThereAreNotFound) {
  EXPECT_EQ(ErrorReason(Heartbeat({NewUuid(), 1}).status()), "JOB_NOT_FOUND");
  EXPECT_EQ(ErrorReason(Complete({NewUuid(), 1}).status()), "JOB_NOT_FOUND");
}

TEST_F(LeasesTest, ALeaseThatRanOutIsClaimableAgainAndTheLateWorkerIsRefused) {
  const std::string id = MustCreate(ann_);
  const Lease late = LeaseOf(Claim(1)[0]);
  EXPECT_EQ(Sweep(), 0);
  Age(id, "61 seconds");
  const Lease aged{id, LeaseToken(*Get(id))};
  TakeChanges();
  EXPECT_EQ(Sweep(), 1);
  const JobChanges changes = TakeChanges();
  EXPECT_THAT(changes.changed, ElementsAre(id));
  EXPECT_EQ(changes.pending.at("w"), 1);
  EXPECT_EQ(Get(id)->status, JobStatus::kPending);
  EXPECT_EQ(ErrorReason(Complete(aged, "\"late\"").status()), "LEASE_LOST");
  const std::vector<Job> again = Claim(1);
  ASSERT_THAT(again, SizeIs(1));
  for (const Lease& old : {late, aged}) {
    EXPECT_EQ(ErrorReason(Complete(old, "\"late\"").status()), "LEASE_LOST");
    EXPECT_EQ(ErrorReason(Heartbeat(old).status()), "LEASE_LOST");
  }
  ASSERT_TRUE(Complete(LeaseOf(again[0]), "\"good\"").ok());
  EXPECT_EQ(ErrorReason(Complete(aged, "\"late\"").status()), "LEASE_LOST");
  EXPECT_EQ(Get(id)->result, "\"good\"");
}

TEST_F(LeasesTest, ALeaseThatRanOutButThatNobodyTookIsStillHeld) {
  const std::string id = MustCreate(ann_);
  Claim(1);
  Age(id, "61 seconds");
  EXPECT_TRUE(Heartbeat({id, LeaseToken(*Get(id))}).ok());
  EXPECT_EQ(Sweep(), 0);
}

TEST_F(LeasesTest, ASweepPassesOverAJobThatIsBeingWritten) {
  const std::string id = MustCreate(ann_);
  Claim(1);
  Age(id, "61 seconds");
  pqxx::connection other(DatabaseUrl());
  pqxx::work transaction(other);
  transaction.exec("UPDATE agent_jobs SET status = 'completed' WHERE id = '" + id + "'");
  EXPECT_EQ(Sweep(), 0);
  transaction.commit();
  EXPECT_EQ(Sweep(), 0);
  EXPECT_EQ(Get(id)->status, JobStatus::kCompleted);
}

TEST_F(LeasesTest, SweepsAreBoundedAndReplicasDoNotSweepTwice) {
  Fill(ann_, 500);
  Claim(500);
  Sql("ALTER TABLE agent_jobs DISABLE TRIGGER vibestack_updated_at");
  Sql("UPDATE agent_jobs SET updated_at = updated_at - interval '1 hour'");
  Sql("ALTER TABLE agent_jobs ENABLE TRIGGER vibestack_updated_at");
  EXPECT_EQ(SyncWait(store_.Sweep(100, Soon())).value(), 100);
  std::atomic<int> swept{0};
  std::vector<std::thread> replicas;
  for (int i = 0; i < 4; ++i) {
    replicas.emplace_back([&] {
      for (int n = 0; n < 10; ++n) swept += SyncWait(store_.Sweep(70, Soon())).value_or(0);
    });
  }
  for (std::thread& replica : replicas) replica.join();
  EXPECT_EQ(swept, 400);
}

TEST_F(LeasesTest, OfASweepAndACompletionAtTheSameMomentOneWins) {
  int completions = 0;
  int losses = 0;
  // Until the race went either way, often.
  for (int round = 0; round < 5'000; ++round) {
    if (round >= 200 && completions >= 10 && losses >= 10) break;
    const std::string id = MustCreate(ann_, "race");
    ASSERT_THAT(Claim(1, {"race"}), SizeIs(1));
    Age(id, "61 seconds");
    const Lease lease{id, LeaseToken(*Get(id))};
    // Both at once, now the one and now the other a little ahead.
    const absl::Duration ahead = absl::Microseconds(50) * (round % 21 - 10);
    absl::Barrier start(2);
    absl::Status completed;
    std::thread worker([&] {
      start.Block();
      Spin(ahead);
      completed = Complete(lease, "1").status();
    });
    start.Block();
    Spin(-ahead);
    const int swept = Sweep();
    worker.join();
    const JobPtr job = Get(id);
    if (completed.ok()) {
      ++completions;
      EXPECT_EQ(job->status, JobStatus::kCompleted);
      EXPECT_EQ(job->result, "1");
      EXPECT_EQ(swept, 0);
    } else {
      ++losses;
      EXPECT_EQ(ErrorReason(completed), "LEASE_LOST");
      EXPECT_EQ(job->status, JobStatus::kPending);
      EXPECT_FALSE(job->result.has_value());
      EXPECT_EQ(swept, 1);
      Sql("DELETE FROM agent_jobs");
    }
  }
  EXPECT_GE(completions, 10);
  EXPECT_GE(losses, 10);
}

TEST_F(LeasesTest, ALostConnectionIsNotALostLease) {
  MustCreate(ann_);
  const Lease lease = LeaseOf(Claim(1)[0]);
  Sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
      "WHERE application_name = 'job_service'");
  const auto lost = SyncWait(store_.Heartbeat({lease}, Soon()));
  if (!lost.ok()) {
    EXPECT_TRUE(absl::IsUnavailable(lost.status())) << lost.status();
    EXPECT_LT(RetryDelay(lost.status()), absl::Seconds(10));
  }
  EXPECT_TRUE(Eventually(absl::Seconds(20), [&] {
    return SyncWait(store_.Get({lease.job_id, false}, Soon())).ok();
  }));
  EXPECT_EQ(Get(lease.job_id)->status, JobStatus::kProcessing);
  EXPECT_TRUE(Complete({lease.job_id, LeaseToken(*Get(lease.job_id))}).ok());
}

TEST_F(LeasesTest, TheSameCompletionTwiceIsOneAndAnotherIsRefused) {
  const std::string id = MustCreate(ann_);
  const Lease lease = LeaseOf(Claim(1)[0]);
  TakeChanges();
  const absl::StatusOr<Job> first = Complete(lease, R"({"a":1,"b":[1.0]})");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_THAT(TakeChanges().changed, ElementsAre(id));
  const absl::StatusOr<Job> second = Complete(lease, R"({ "b" : [1.0], "a" : 1 })");
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->updated_at, first->updated_at);
  EXPECT_EQ(ErrorReason(Complete(lease, R"({"a":2})").status()), "LEASE_LOST");
  EXPECT_EQ(ErrorReason(
                SyncWait(store_.Finish({lease, JobStatus::kFailed, R"({"a":1,"b":[1.0]})"}, Soon()))
                    .status()),
            "LEASE_LOST");
}

TEST_F(LeasesTest, ApplicationClocksDoNotMatter) {
  const std::string id = MustCreate(ann_);
  const Job job = Claim(1)[0];
  EXPECT_EQ(One("SELECT now() - updated_at < interval '10 seconds' FROM agent_jobs"), "t");
  EXPECT_EQ(absl::ToUnixMicros(job.updated_at),
            std::stoll(One("SELECT (extract(epoch FROM updated_at) * 1000000)::bigint "
                           "FROM agent_jobs WHERE id = '" +
                           id + "'")));
}

}  // namespace
}  // namespace vibestack::job_service

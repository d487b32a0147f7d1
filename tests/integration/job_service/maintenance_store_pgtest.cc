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

class MaintenanceStoreTest : public JobServiceTest {
 protected:
  int DeleteExpired(absl::Duration retention) {
    const auto deleted = SyncWait(stores_.maintenance.DeleteExpired(retention, 1'000, Soon()));
    EXPECT_TRUE(deleted.ok()) << deleted.status();
    return deleted.value_or(-1);
  }
};

// Busy-waits for this time.
void Spin(absl::Duration time) {
  const absl::Time end = absl::Now() + time;
  while (absl::Now() < end) continue;
}

TEST_F(MaintenanceStoreTest, ALeaseThatRanOutIsClaimableAgainAndTheLateWorkerIsRefused) {
  const std::string id = MustCreate(ann_);
  const Lease late = LeaseOf(Claim(1)[0]);
  EXPECT_EQ(Sweep(), 0);
  Age(id, "61 seconds");
  const Lease aged{id, LeaseToken(*Get(id))};
  TakeChanges();
  EXPECT_EQ(Sweep(), 1);
  const JobChanges changes = TakeChanges();
  EXPECT_THAT(changes.changed, ElementsAre(id));
  EXPECT_THAT(changes.pending, IsEmpty()) << "the job waits for its backoff";
  EXPECT_EQ(Get(id)->status, JobStatus::kPending);
  EXPECT_EQ(ErrorReason(Complete(aged, "\"late\"").status()), "LEASE_LOST");
  EXPECT_THAT(Claim(1), IsEmpty());
  EXPECT_TRUE(Eventually(absl::Seconds(10), [&] { return ReleaseScheduled() == 1; }));
  EXPECT_EQ(TakeChanges().pending.at("w"), 1);
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

TEST_F(MaintenanceStoreTest, ASweepPassesOverAJobThatIsBeingWritten) {
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

TEST_F(MaintenanceStoreTest, SweepsAreBoundedAndReplicasDoNotSweepTwice) {
  Fill(ann_, 500);
  Claim(500);
  Sql("ALTER TABLE agent_jobs DISABLE TRIGGER vibestack_updated_at");
  Sql("UPDATE agent_jobs SET updated_at = updated_at - interval '1 hour'");
  Sql("ALTER TABLE agent_jobs ENABLE TRIGGER vibestack_updated_at");
  EXPECT_EQ(SyncWait(stores_.maintenance.SweepLeases(100, Soon())).value(), 100);
  std::atomic<int> swept{0};
  std::vector<std::thread> replicas;
  for (int i = 0; i < 4; ++i) {
    replicas.emplace_back([&] {
      for (int n = 0; n < 10; ++n)
        swept += SyncWait(stores_.maintenance.SweepLeases(70, Soon())).value_or(0);
    });
  }
  for (std::thread& replica : replicas) replica.join();
  EXPECT_EQ(swept, 400);
}

TEST_F(MaintenanceStoreTest, OfASweepAndACompletionAtTheSameMomentOneWins) {
  int completions = 0;
  int losses = 0;
  // Repeat until each side has won the race at least ten times.
  for (int round = 0; round < 5'000; ++round) {
    if (round >= 200 && completions >= 10 && losses >= 10) break;
    const std::string id = MustCreate(ann_, "race");
    ASSERT_THAT(Claim(1, {"race"}), SizeIs(1));
    Age(id, "61 seconds");
    const Lease lease{id, LeaseToken(*Get(id))};
    // Both start at once; in each round one of them is up to half a millisecond ahead.
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

TEST_F(MaintenanceStoreTest, RetentionDeletesOldTerminalJobsOnly) {
  const Lease open = Claimed();
  const std::string old = Failed();
  const std::string fresh = Failed();
  Age(old, "2 hours");
  Age(open.job_id, "2 hours");
  MustCreate(ann_);
  TakeChanges();
  EXPECT_EQ(DeleteExpired(absl::Hours(1)), 1);
  EXPECT_THAT(TakeChanges().deleted.at(ann_), ElementsAre(old));
  EXPECT_EQ(DeleteExpired(absl::Hours(1)), 0);
  EXPECT_NE(Get(fresh), nullptr);
  EXPECT_NE(Get(open.job_id), nullptr);
  EXPECT_EQ(One("SELECT count(*) FROM agent_jobs"), "3");
}

TEST_F(MaintenanceStoreTest, SweepsOfJobsWithTheLargestInputsKeepThem) {
  constexpr int kJobs = 12;
  std::vector<std::string> ids;
  for (int i = 0; i < kJobs; ++i) {
    NewJob job = Make();
    job.input = "\"" + std::to_string(i) + std::string((1 << 20) - 10, 'x') + "\"";
    ids.push_back(MustCreate(job));
  }
  // A claim takes about 2 MiB of inputs.
  while (One("SELECT count(*) FROM agent_jobs WHERE status = 'pending'") != "0") Claim(kJobs);
  for (const std::string& id : ids) Age(id, "2 minutes");
  EXPECT_EQ(Sweep(), kJobs);
  Sql("UPDATE agent_jobs SET result_payload = result_payload || "
      "'{\"not_before\": \"2000-01-01T00:00:00.000000Z\"}'");
  EXPECT_EQ(ReleaseScheduled(), kJobs);
  for (int i = 0; i < kJobs; ++i) {
    const JobPtr job = Get(ids[i]);
    EXPECT_EQ(job->status, JobStatus::kPending);
    EXPECT_EQ(job->failed_attempts, 1);
    EXPECT_EQ(job->input->size(), (size_t{1} << 20) - 8 + std::to_string(i).size());
  }
  EXPECT_GE(Claim(kJobs).size(), 1U);
}

TEST_F(MaintenanceStoreTest, RetentionGoesInBoundedBatches) {
  Fill(ann_, 2'500);
  Sql("UPDATE agent_jobs SET status = 'completed'");
  EXPECT_EQ(DeleteExpired(-absl::Hours(1)), 1'000);
  EXPECT_EQ(One("SELECT count(*) FROM agent_jobs"), "1500");
}

}  // namespace
}  // namespace vibestack::job_service

#include <thread>

#include "tests/integration/job_service/fixture.h"
#include "tests/support/eventually.h"

namespace vibestack::job_service {
namespace {

using testing::SizeIs;

class LeaseStoreTest : public JobServiceTest {
 protected:
  std::vector<absl::Status> Release(std::vector<Lease> leases) {
    auto released = SyncWait(stores_.lease.Release(std::move(leases), Soon()));
    EXPECT_TRUE(released.ok()) << released.status();
    return released.ok() ? *released : std::vector<absl::Status>();
  }
};

TEST_F(LeaseStoreTest, AHeartbeatReplacesTheToken) {
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

TEST_F(LeaseStoreTest, OfTwoHeartbeatsWithOneTokenInOneBatchOneSucceeds) {
  MustCreate(ann_);
  const Lease lease = LeaseOf(Claim(1)[0]);
  const Lease missing{NewUuid(), 1};
  const auto extended = SyncWait(stores_.lease.Heartbeat({lease, lease, missing}, Soon()));
  ASSERT_TRUE(extended.ok()) << extended.status();
  ASSERT_TRUE(extended->at(0).ok());
  EXPECT_EQ(ErrorReason(extended->at(1).status()), "LEASE_LOST");
  EXPECT_EQ(ErrorReason(extended->at(2).status()), "JOB_NOT_FOUND");
  EXPECT_EQ(Get(lease.job_id)->updated_at, extended->at(0)->updated_at);
}

TEST_F(LeaseStoreTest, LeasesOfJobsThatAreNotThereAreNotFound) {
  EXPECT_EQ(ErrorReason(Heartbeat({NewUuid(), 1}).status()), "JOB_NOT_FOUND");
  EXPECT_EQ(ErrorReason(Complete({NewUuid(), 1}).status()), "JOB_NOT_FOUND");
}

TEST_F(LeaseStoreTest, ALeaseThatRanOutButThatNobodyTookIsStillHeld) {
  const std::string id = MustCreate(ann_);
  Claim(1);
  Age(id, "61 seconds");
  EXPECT_TRUE(Heartbeat({id, LeaseToken(*Get(id))}).ok());
  EXPECT_EQ(Sweep(), 0);
}

TEST_F(LeaseStoreTest, ALostConnectionIsNotALostLease) {
  MustCreate(ann_);
  const Lease lease = LeaseOf(Claim(1)[0]);
  Sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
      "WHERE application_name = 'job_service'");
  const auto lost = SyncWait(stores_.lease.Heartbeat({lease}, Soon()));
  if (!lost.ok()) {
    EXPECT_TRUE(absl::IsUnavailable(lost.status())) << lost.status();
    EXPECT_LT(RetryDelay(lost.status()), absl::Seconds(10));
  }
  EXPECT_TRUE(Eventually(absl::Seconds(20), [&] {
    return SyncWait(stores_.read.Get({lease.job_id, false}, Soon())).ok();
  }));
  EXPECT_EQ(Get(lease.job_id)->status, JobStatus::kProcessing);
  EXPECT_TRUE(Complete({lease.job_id, LeaseToken(*Get(lease.job_id))}).ok());
}

TEST_F(LeaseStoreTest, ApplicationClocksDoNotMatter) {
  const std::string id = MustCreate(ann_);
  const Job job = Claim(1)[0];
  EXPECT_EQ(One("SELECT now() - updated_at < interval '10 seconds' FROM agent_jobs"), "t");
  EXPECT_EQ(absl::ToUnixMicros(job.updated_at),
            std::stoll(One("SELECT (extract(epoch FROM updated_at) * 1000000)::bigint "
                           "FROM agent_jobs WHERE id = '" +
                           id + "'")));
}

TEST_F(LeaseStoreTest, ReleasedJobsArePendingAtOnceAndOthersStay) {
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

TEST_F(LeaseStoreTest, AHeartbeatReportsThatTheJobWasCancelled) {
  const Lease lease = Claimed();
  ASSERT_TRUE(Cancel(lease.job_id).ok());
  EXPECT_EQ(ErrorReason(Heartbeat(lease).status()), "JOB_CANCELLED");
  EXPECT_EQ(ErrorReason(Complete(lease).status()), "LEASE_LOST");
}

TEST_F(LeaseStoreTest, BatchesThatWriteTheSameJobsDoNotDeadlock) {
  Fill(ann_, 200);
  const std::vector<Job> jobs = Claim(200);
  std::vector<std::thread> workers;
  workers.reserve(6);
  for (int w = 0; w < 6; ++w) {
    workers.emplace_back([&, w] {
      // Each thread has its own store, so that nothing is coalesced.
      Metrics metrics;
      StoreContext context(StoreOptions(), pool_, recorder_, metrics);
      LeaseStore store(context);
      for (int round = 0; round < 10; ++round) {
        std::vector<Lease> leases;
        for (size_t i = 0; i < jobs.size(); ++i) {
          leases.push_back(LeaseOf(jobs[w % 2 == 0 ? i : jobs.size() - 1 - i]));
        }
        const auto extended = SyncWait(store.Heartbeat(std::move(leases), Soon()));
        ASSERT_TRUE(extended.ok()) << extended.status();
        for (const auto& lease : *extended) {
          if (!lease.ok()) {
            EXPECT_EQ(ErrorReason(lease.status()), "LEASE_LOST");
          }
        }
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
}

}  // namespace
}  // namespace vibestack::job_service

#include "tests/integration/job_service/fixture.h"

namespace vibestack::job_service {
namespace {

using StatsStoreTest = JobServiceTest;

TEST_F(StatsStoreTest, StatsCountByWorkflowAndStateAndKnowTheOldest) {
  Fill(ann_, 3, "a");
  Fill(bob_, 2, "b");
  Sql("UPDATE agent_jobs SET status = 'completed' WHERE workflow_id = 'b'");
  Sql("UPDATE agent_jobs SET status = NULL, created_at = now() - interval '90 s' "
      "WHERE id = (SELECT min(id::text)::uuid FROM agent_jobs WHERE workflow_id = 'a')");
  const auto all = *SyncWait(stores_.stats.CountByWorkflow({}, Soon()));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].workflow_id, "a");
  EXPECT_EQ(all[0].jobs.at(JobStatus::kPending), 3);
  EXPECT_GE(*all[0].oldest_pending, absl::Seconds(90));
  EXPECT_LT(*all[0].oldest_pending, absl::Seconds(150));
  EXPECT_EQ(all[1].jobs.at(JobStatus::kCompleted), 2);
  EXPECT_EQ(all[1].jobs.at(JobStatus::kFailed), 0);
  EXPECT_FALSE(all[1].oldest_pending.has_value());
  const auto named = *SyncWait(stores_.stats.CountByWorkflow({"none", "b", "b"}, Soon()));
  ASSERT_EQ(named.size(), 3U);
  EXPECT_EQ(named[0].jobs.at(JobStatus::kPending), 0);
  for (const size_t i : {1, 2}) EXPECT_EQ(named[i].jobs.at(JobStatus::kCompleted), 2);
}

TEST_F(StatsStoreTest, OnlyTheFailuresOfTheLastHourAreRecent) {
  Fill(ann_, 3, "a");
  Fill(ann_, 1, "b");
  Fill(ann_, 1, "c");
  Sql("UPDATE agent_jobs SET status = 'failed' WHERE workflow_id <> 'c'");
  Sql("UPDATE agent_jobs SET status = 'completed' WHERE workflow_id = 'c'");
  Age(One("SELECT min(id::text) FROM agent_jobs WHERE workflow_id = 'a'"), "59 minutes");
  Age(One("SELECT max(id::text) FROM agent_jobs WHERE workflow_id = 'a'"), "61 minutes");
  const auto all = *SyncWait(stores_.stats.CountByWorkflow({}, Soon()));
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].recently_failed, 2);
  EXPECT_EQ(all[0].jobs.at(JobStatus::kFailed), 3);
  EXPECT_EQ(all[1].recently_failed, 1);
  EXPECT_EQ(all[2].recently_failed, 0);
  const auto named = *SyncWait(stores_.stats.CountByWorkflow({"b", "none"}, Soon()));
  EXPECT_EQ(named.at(0).recently_failed, 1);
  EXPECT_EQ(named.at(1).recently_failed, 0);
}

TEST_F(StatsStoreTest, OfManyFailuresOnlyTheLastThousandAreCounted) {
  Fill(ann_, 1'010, "a");
  Sql("UPDATE agent_jobs SET status = 'failed'");
  Fill(ann_, 7, "b");
  Sql("UPDATE agent_jobs SET status = 'failed' WHERE workflow_id = 'b'");
  const auto all = *SyncWait(stores_.stats.CountByWorkflow({}, Soon()));
  EXPECT_EQ(all.at(0).recently_failed, 993);
  EXPECT_EQ(all.at(1).recently_failed, 7);
}

TEST_F(StatsStoreTest, CountsEndAtTenThousand) {
  Fill(ann_, 10'050);
  const auto stats = *SyncWait(stores_.stats.CountByWorkflow({}, Soon()));
  EXPECT_EQ(stats.at(0).jobs.at(JobStatus::kPending), 10'000);
}

}  // namespace
}  // namespace vibestack::job_service

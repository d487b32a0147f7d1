#include <thread>

#include "tests/integration/job_service/fixture.h"

namespace vibestack::job_service {
namespace {

using testing::SizeIs;

class BatchesTest : public JobServiceTest {
 protected:
  std::unique_ptr<db::Session> session_ = *db::Session::Open(JobSessionOptions(DatabaseUrl()));
};

TEST_F(BatchesTest, OfTwoCompletionsOfOneJobInOneBatchTheFirstWins) {
  MustCreate(ann_);
  const Lease lease = LeaseOf(Claim(1)[0]);
  const auto finished = FinishJobs(*session_, {{lease, JobStatus::kCompleted, "1"},
                                               {lease, JobStatus::kCompleted, "2"},
                                               {lease, JobStatus::kFailed, "1"},
                                               {lease, JobStatus::kCompleted, "1"}});
  ASSERT_TRUE(finished.ok()) << finished.status();
  EXPECT_TRUE((*finished)[0].ok());
  EXPECT_EQ(ErrorReason((*finished)[1].status()), "LEASE_LOST");
  EXPECT_EQ(ErrorReason((*finished)[2].status()), "LEASE_LOST");
  EXPECT_TRUE((*finished)[3].ok());
  EXPECT_EQ(Get(lease.job_id)->result, "1");
}

TEST_F(BatchesTest, OfTwoHeartbeatsWithOneTokenInOneBatchOneSucceeds) {
  MustCreate(ann_);
  const Lease lease = LeaseOf(Claim(1)[0]);
  const auto extended = HeartbeatJobs(*session_, {lease, lease, {NewUuid(), 1}});
  ASSERT_TRUE(extended[0].ok());
  EXPECT_EQ(ErrorReason(extended[1].status()), "LEASE_LOST");
  EXPECT_EQ(ErrorReason(extended[2].status()), "JOB_NOT_FOUND");
  EXPECT_EQ(Get(lease.job_id)->updated_at, extended[0]->updated_at);
}

TEST_F(BatchesTest, AResultThatTheDatabaseRefusesDoesNotHarmItsNeighbours) {
  Fill(ann_, 40);
  const std::vector<Job> jobs = Claim(40);
  ASSERT_THAT(jobs, SizeIs(40));
  std::vector<std::thread> workers;
  workers.reserve(jobs.size());
  for (size_t i = 0; i < jobs.size(); ++i) {
    workers.emplace_back([&, i] {
      const char* bad[] = {"{", R"("\u0000")", "1e131072", R"("\ud800")"};
      const bool is_bad = i % 10 == 3;
      const absl::Status status =
          Complete(LeaseOf(jobs[i]), is_bad ? bad[i / 10] : std::to_string(i)).status();
      if (is_bad) {
        EXPECT_EQ(ErrorReason(status), "INVALID_VALUE") << status;
      } else {
        EXPECT_TRUE(status.ok()) << status;
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(One("SELECT count(*) FROM agent_jobs WHERE status = 'completed'"), "36");
  EXPECT_EQ(One("SELECT count(*) FROM agent_jobs WHERE status = 'processing'"), "4");
}

TEST_F(BatchesTest, ManyReadsOfOneJobAreOneRow) {
  const std::string id = MustCreate(ann_);
  ASSERT_TRUE(Complete(LeaseOf(Claim(1)[0]), "[1]").ok());
  const auto jobs = GetJobs(*session_, {{id, false}, {NewUuid(), true}, {id, true}});
  ASSERT_TRUE(jobs.ok());
  EXPECT_EQ((*jobs)[0], (*jobs)[2]);
  EXPECT_EQ((*jobs)[1], nullptr);
  EXPECT_EQ((*jobs)[2]->result, "[1]");
  const auto basic = GetJobs(*session_, {{id, false}});
  EXPECT_FALSE((*basic)[0]->result.has_value());
}

TEST_F(BatchesTest, BatchesThatWriteTheSameJobsDoNotDeadlock) {
  Fill(ann_, 200);
  const std::vector<Job> jobs = Claim(200);
  std::vector<std::thread> workers;
  workers.reserve(6);
  for (int w = 0; w < 6; ++w) {
    workers.emplace_back([&, w] {
      auto session = *db::Session::Open(JobSessionOptions(DatabaseUrl()));
      for (int round = 0; round < 10; ++round) {
        std::vector<Lease> leases;
        for (size_t i = 0; i < jobs.size(); ++i) {
          leases.push_back(LeaseOf(jobs[w % 2 == 0 ? i : jobs.size() - 1 - i]));
        }
        for (const auto& extended : HeartbeatJobs(*session, leases)) {
          if (!extended.ok()) {
            EXPECT_EQ(ErrorReason(extended.status()), "LEASE_LOST");
          }
        }
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
}

TEST_F(BatchesTest, AResultThatIsKnownIsNotReadAgain) {
  const std::string id = MustCreate(ann_);
  ASSERT_TRUE(Complete(LeaseOf(Claim(1)[0]), "[1]").ok());
  const absl::Time known = Get(id)->updated_at;
  const auto result = [this](const std::vector<JobKey>& keys) {
    return (*GetJobs(*session_, keys))[0]->result;
  };
  EXPECT_EQ(result({{id, true, known}}), std::nullopt);
  EXPECT_EQ(result({{id, true, known}, {id, true, known}, {id, false}}), std::nullopt);
  EXPECT_EQ(result({{id, true, known - absl::Microseconds(1)}}), "[1]");
  // Somebody else does not know it.
  EXPECT_EQ(result({{id, true, known}, {id, true}}), "[1]");
  EXPECT_EQ(result({{id, false}, {id, true}, {id, true, known}}), "[1]");
}

TEST_F(BatchesTest, JobsWithResultsAreReadUpToTheSizeLimit) {
  Fill(ann_, 4);
  Sql("UPDATE agent_jobs SET result_payload = to_jsonb(repeat('x', 900000))");
  std::vector<std::string> ids;
  for (const auto& row : Sql("SELECT id FROM agent_jobs")) ids.emplace_back(row[0].c_str());
  ids.insert(ids.begin() + 1, NewUuid());
  const auto two = GetJobsUpTo(*session_, ids);
  ASSERT_TRUE(two.ok()) << two.status();
  ASSERT_THAT(*two, SizeIs(3));
  EXPECT_EQ((*two)[0]->id, ids[0]);
  EXPECT_EQ((*two)[0]->result->size(), 900'002U);
  EXPECT_EQ((*two)[1], nullptr);
  EXPECT_EQ((*two)[2]->id, ids[2]);
  // One alone may be larger, and small ones are read to the end.
  Sql("UPDATE agent_jobs SET result_payload = to_jsonb(repeat('x', 3000000)) WHERE id = '" +
      ids[0] + "'");
  EXPECT_THAT(*GetJobsUpTo(*session_, ids), SizeIs(1));
  Sql("UPDATE agent_jobs SET result_payload = NULL");
  EXPECT_THAT(*GetJobsUpTo(*session_, ids), SizeIs(5));
}

}  // namespace
}  // namespace vibestack::job_service

// Another program does not let us write one job: its trigger raises an exception, or its table
// refers to the job. The statements that write many jobs go on with the others.
#include <set>

#include "tests/integration/job_service/fixture.h"

namespace vibestack::job_service {
namespace {

using testing::Each;
using testing::Field;
using testing::Ne;
using testing::SizeIs;

constexpr int kJobs = 300;

class RefusedJobsTest : public JobServiceTest {
 protected:
  ~RefusedJobsTest() override {
    Sql("DROP TABLE IF EXISTS referring_notes");
    Sql("DROP FUNCTION IF EXISTS refuse_one_job() CASCADE");
  }

  // From now on, a trigger refuses every UPDATE of this job.
  void Refuse(const std::string& id) {
    Sql("CREATE OR REPLACE FUNCTION refuse_one_job() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF OLD.id = '" +
        id + "' THEN RAISE EXCEPTION 'not this one'; END IF; RETURN NEW; END $$");
    Sql("CREATE TRIGGER refuse_one_job BEFORE UPDATE ON agent_jobs FOR EACH ROW "
        "EXECUTE FUNCTION refuse_one_job()");
  }

  // The id of the job with this place in the order of creation, from 1.
  std::string JobAt(int place) {
    return One("SELECT id FROM agent_jobs ORDER BY created_at, id LIMIT 1 OFFSET " +
               std::to_string(place - 1));
  }

  double Refused(const char* statement) {
    return metrics_
        .Counter("vibestack_refused_jobs_total",
                 "Jobs that a sweep or a claim left out because another program refused the write.",
                 {{"statement", statement}})
        .Value();
  }

  int Count(const std::string& status) {
    return std::stoi(One("SELECT count(*) FROM agent_jobs WHERE status = '" + status + "'"));
  }

  // Makes every job look as if it had last been written two hours ago.
  void AgeAll() {
    Sql("ALTER TABLE agent_jobs DISABLE TRIGGER vibestack_updated_at");
    Sql("UPDATE agent_jobs SET updated_at = updated_at - interval '2 hours'");
    Sql("ALTER TABLE agent_jobs ENABLE TRIGGER vibestack_updated_at");
  }
};

TEST_F(RefusedJobsTest, RetentionLeavesAJobThatAnotherTableRefersTo) {
  Fill(ann_, kJobs);
  Sql("UPDATE agent_jobs SET status = 'completed'");
  AgeAll();
  const std::string kept = JobAt(100);
  Sql("CREATE TABLE referring_notes (job_id uuid REFERENCES agent_jobs)");
  Sql("INSERT INTO referring_notes VALUES ('" + kept + "')");
  const auto delete_old = [&] {
    return SyncWait(stores_.maintenance.DeleteExpired(absl::Hours(1), 1'000, Soon()));
  };
  const absl::StatusOr<int> deleted = delete_old();
  ASSERT_TRUE(deleted.ok()) << deleted.status();
  EXPECT_EQ(*deleted, kJobs - 1);
  EXPECT_EQ(One("SELECT string_agg(id::text, ' ') FROM agent_jobs"), kept);
  EXPECT_EQ(TakeChanges().deleted.at(ann_).size(), static_cast<size_t>(kJobs - 1));
  // The job is left out now, so the next sweeps meet no refusal.
  EXPECT_EQ(*delete_old(), 0);
  EXPECT_EQ(Refused("expire_jobs"), 1);
}

TEST_F(RefusedJobsTest, ASweepLeavesAJobWhoseWriteATriggerRefuses) {
  Fill(ann_, kJobs);
  Claim(kJobs);
  AgeAll();
  Refuse(JobAt(1));
  EXPECT_EQ(Sweep(), kJobs - 1);
  EXPECT_EQ(Count("processing"), 1);
  EXPECT_EQ(Sweep(), 0);
  EXPECT_EQ(Refused("sweep_jobs"), 1);
}

TEST_F(RefusedJobsTest, ScheduledJobsBehindARefusedOneBecomeReady) {
  Fill(ann_, 20);
  Sql("UPDATE agent_jobs SET result_payload = '{\"vibestack_job\": 1, \"schedule\": \"waiting\", "
      "\"not_before\": \"2000-01-01T00:00:00.000000Z\"}'");
  Refuse(JobAt(3));
  EXPECT_EQ(ReleaseScheduled(), 19);
  EXPECT_EQ(ReleaseScheduled(), 0);
}

TEST_F(RefusedJobsTest, ClaimsLeaveTheRefusedJobAndTakeTheOthers) {
  Fill(ann_, 20);
  Fill(bob_, 20);
  const std::string refused = JobAt(1);
  Refuse(refused);
  std::set<std::string> claimed;
  // Claims of one job alternate between the oldest job and the turn of the users.
  for (int i = 0; i < 10; ++i) {
    const std::vector<Job> jobs = Claim(1);
    ASSERT_THAT(jobs, SizeIs(1));
    claimed.insert(jobs[0].id);
  }
  for (const Job& job : Claim(100)) claimed.insert(job.id);
  EXPECT_EQ(claimed.size(), 39U);
  EXPECT_FALSE(claimed.contains(refused));
  EXPECT_EQ(Refused("claim_jobs"), 1);
  EXPECT_TRUE(Claim(10).empty());
}

TEST_F(RefusedJobsTest, ALargeClaimFindsSeveralRefusedJobs) {
  Fill(ann_, kJobs);
  Sql("CREATE OR REPLACE FUNCTION refuse_one_job() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "IF OLD.user_id IS NULL THEN RAISE EXCEPTION 'not this one'; END IF; RETURN NEW; END $$");
  Sql("UPDATE agent_jobs SET user_id = NULL WHERE id IN ('" + JobAt(1) + "', '" + JobAt(150) +
      "', '" + JobAt(300) + "')");
  Sql("CREATE TRIGGER refuse_one_job BEFORE UPDATE ON agent_jobs FOR EACH ROW "
      "EXECUTE FUNCTION refuse_one_job()");
  EXPECT_THAT(Claim(kJobs), SizeIs(kJobs - 3));
  EXPECT_EQ(Refused("claim_jobs"), 3);
}

TEST_F(RefusedJobsTest, DispatchersLeaveTheRefusedJobAndPostTheOthers) {
  const std::string refused = MustCreate(ann_, "pushed");
  for (int i = 0; i < 4; ++i) MustCreate(ann_, "pushed");
  Refuse(refused);
  for (const int max_processing : {0, 100}) {
    const auto jobs = SyncWait(stores_.dispatch.Claim("pushed", max_processing == 0 ? 2 : 10,
                                                      max_processing, absl::Seconds(60), Soon()));
    ASSERT_TRUE(jobs.ok()) << jobs.status();
    EXPECT_THAT(*jobs, SizeIs(2));
    EXPECT_THAT(*jobs, Each(Field(&Job::id, Ne(refused))));
  }
  EXPECT_EQ(Refused("claim_dispatches"), 1);
}

// The calls of one statement.
TEST_F(RefusedJobsTest, OfManyCompletionsAndHeartbeatsOnlyTheRefusedOneFails) {
  Fill(ann_, 40);
  const std::vector<Job> jobs = Claim(40);
  const std::string refused = jobs[17].id;
  Refuse(refused);
  std::vector<Lease> leases;
  for (const Job& job : jobs) leases.push_back(LeaseOf(job));
  const auto beats = SyncWait(stores_.lease.Heartbeat(leases, Soon()));
  ASSERT_TRUE(beats.ok()) << beats.status();
  std::vector<JobFinish> finishes;
  for (size_t i = 0; i < jobs.size(); ++i) {
    EXPECT_EQ((*beats)[i].ok(), i != 17) << (*beats)[i].status();
    if ((*beats)[i].ok()) leases[i].token = absl::ToUnixMicros((*beats)[i]->updated_at);
    finishes.push_back({leases[i], JobStatus::kCompleted, "1"});
  }
  EXPECT_EQ(ErrorReason((*beats)[17].status()), "WRITE_REFUSED");
  const auto ended = SyncWait(stores_.finish.FinishAll(std::move(finishes), Soon()));
  for (size_t i = 0; i < jobs.size(); ++i) EXPECT_EQ(ended[i].ok(), i != 17) << ended[i].status();
  EXPECT_EQ(ErrorReason(ended[17].status()), "WRITE_REFUSED");
  EXPECT_EQ(Count("completed"), 39);
}

}  // namespace
}  // namespace vibestack::job_service

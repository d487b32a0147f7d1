#include <atomic>
#include <thread>

#include "tests/integration/job_service/fixture.h"
#include "tests/support/eventually.h"

namespace vibestack::job_service {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class ScheduleTest : public JobServiceTest {
 protected:
  // Inserts a pending job as a foreign program does, with this envelope.
  std::string Insert(const std::string& envelope) {
    const std::string id = NewUuid();
    Sql("INSERT INTO agent_jobs (id, user_id, workflow_id, result_payload) VALUES ('" + id +
        "', '" + ann_ + "', 'w', " + foreign_.quote(envelope) + ")");
    return id;
  }
  // A scheduled job that starts at the SQL time.
  std::string InsertAt(const std::string& time) {
    return Insert(R"({"vibestack_job": 1, "schedule": "waiting", "not_before": ")" +
                  One("SELECT to_char((" + time +
                      R"() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))") +
                  "\"}");
  }
  std::vector<Job> Dispatches() {
    auto jobs = SyncWait(stores_.dispatch.Claim("w", 10, 0, absl::Seconds(15), Soon()));
    EXPECT_TRUE(jobs.ok()) << jobs.status();
    return jobs.ok() ? *std::move(jobs) : std::vector<Job>();
  }
};

TEST_F(ScheduleTest, NobodyGetsAJobBeforeItsTime) {
  NewJob job = Make();
  job.input = "1";
  job.not_before = absl::FromUnixMicros(absl::ToUnixMicros(absl::Now() + absl::Hours(1)));
  const absl::StatusOr<Creation> creation = Create(job);
  ASSERT_TRUE(creation.ok()) << creation.status();
  EXPECT_EQ(creation->job->not_before, job.not_before);
  const JobChanges changes = TakeChanges();
  EXPECT_THAT(changes.changed, ElementsAre(job.id));
  EXPECT_THAT(changes.pending, IsEmpty());
  EXPECT_EQ(Get(job.id)->status, JobStatus::kPending);
  EXPECT_EQ(Get(job.id)->not_before, job.not_before);
  EXPECT_EQ(Get(job.id)->input, "1");
  EXPECT_EQ(ReleaseScheduled(), 0);
  // Claims of one job go by age every other time.
  for (const int limit : {1, 1, 10}) EXPECT_THAT(Claim(limit), IsEmpty());
  EXPECT_THAT(Dispatches(), IsEmpty());
  // The job does not keep a later one from being claimed.
  const std::string later = MustCreate(ann_);
  EXPECT_EQ(Claim(10).at(0).id, later);
}

TEST_F(ScheduleTest, ADelayCountsFromTheTimeOfTheDatabase) {
  NewJob job = Make();
  job.delay = absl::Hours(1);
  const absl::StatusOr<Creation> creation = Create(job);
  ASSERT_TRUE(creation.ok()) << creation.status();
  EXPECT_EQ(creation->job->not_before, creation->job->created_at + absl::Hours(1));
  EXPECT_EQ(Get(job.id)->not_before, creation->job->not_before);
  EXPECT_EQ(Get(job.id)->created_at, creation->job->created_at);
}

TEST_F(ScheduleTest, AJobIsReadyWhenItsTimeComesAndItsWorkersWake) {
  NewJob job = Make();
  job.input = R"({"n": 1})";
  job.delay = absl::Milliseconds(300);
  MustCreate(job);
  TakeChanges();
  ASSERT_TRUE(Eventually(absl::Seconds(10), [this] { return ReleaseScheduled() == 1; }));
  EXPECT_EQ(One("SELECT (result_payload ->> 'not_before')::timestamptz <= clock_timestamp() "
                "FROM agent_jobs"),
            "t");
  const JobChanges changes = TakeChanges();
  EXPECT_THAT(changes.changed, ElementsAre(job.id));
  EXPECT_EQ(changes.pending.at("w"), 1);
  EXPECT_EQ(ReleaseScheduled(), 0);
  const std::vector<Job> claimed = Claim(10);
  ASSERT_THAT(claimed, SizeIs(1));
  EXPECT_EQ(claimed[0].input, job.input);
  EXPECT_EQ(AttemptNumber(claimed[0]), 1);
}

TEST_F(ScheduleTest, ADueJobBelongsToNoReplicaUntilOneClaimsItForADispatch) {
  const std::string id = InsertAt("now()");
  EXPECT_EQ(ReleaseScheduled(), 1);
  ASSERT_THAT(Dispatches(), SizeIs(1));
  EXPECT_THAT(Dispatches(), IsEmpty());
  EXPECT_EQ(Get(id)->status, JobStatus::kPending);
}

TEST_F(ScheduleTest, ACreationThatIsRepeatedFindsTheScheduledJob) {
  NewJob job = Make();
  job.delay = absl::Hours(1);
  const absl::StatusOr<Creation> first = Create(job);
  ASSERT_TRUE(first.ok()) << first.status();
  TakeChanges();
  const absl::StatusOr<Creation> again = Create(job);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_FALSE(again->is_new);
  EXPECT_EQ(again->job->not_before, first->job->not_before);
  EXPECT_THAT(TakeChanges().pending, IsEmpty());
}

TEST_F(ScheduleTest, TheEarliestAreReleasedFirstAndNoMoreThanTheLimit) {
  const std::string third = InsertAt("now() - interval '1 s'");
  const std::string first = InsertAt("now() - interval '3 days'");
  const std::string second = InsertAt("now() - interval '1 hour'");
  for (const std::string& next : {first, second, third}) {
    TakeChanges();
    EXPECT_EQ(ReleaseScheduled(1), 1);
    EXPECT_THAT(TakeChanges().changed, ElementsAre(next));
  }
}

TEST_F(ScheduleTest, ReplicasReleaseEachJobOnce) {
  for (int i = 0; i < 200; ++i) InsertAt("now() - interval '1 s'");
  std::atomic<int> released{0};
  std::vector<std::thread> replicas;
  replicas.reserve(4);
  for (int i = 0; i < 4; ++i) {
    replicas.emplace_back([&] {
      for (int n = 0; n < 20; ++n) released += ReleaseScheduled(30);
    });
  }
  for (std::thread& replica : replicas) replica.join();
  EXPECT_EQ(released, 200);
  EXPECT_THAT(Claim(300), SizeIs(200));
}

TEST_F(ScheduleTest, ATimeThatNoneOfOurJobsCanHaveIsNoTime) {
  InsertAt("now() + interval '500 days'");
  for (const char* time :
       {R"("9999-12-31T23:59:59.999999Z")", R"("tomorrow")", R"("")", "7", "null", "[]", "{}",
        "true", R"("99999999999999999999999999999999999999999999999999")"}) {
    Insert(R"({"vibestack_job": 1, "schedule": "waiting", "not_before": )" + std::string(time) +
           "}");
  }
  Insert(R"({"vibestack_job": 1, "schedule": "waiting"})");
  EXPECT_THAT(Claim(20), IsEmpty());
  const std::string in_a_year = InsertAt("now() + interval '366 days'");
  EXPECT_EQ(ReleaseScheduled(), 11);
  EXPECT_THAT(Claim(20), SizeIs(11));
  EXPECT_EQ(ReleaseScheduled(), 0);
  EXPECT_NE(Get(in_a_year)->not_before, std::nullopt);
}

TEST_F(ScheduleTest, WithoutTheMarkNothingIsScheduled) {
  for (const char* payload :
       {R"({"schedule": "waiting", "not_before": "2100-01-01T00:00:00.000000Z"})",
        R"({"vibestack_job": 2, "schedule": "waiting"})", R"({"vibestack_job": 1})",
        R"({"vibestack_job": 1, "schedule": "later"})",
        R"({"vibestack_job": 1, "schedule": null})"}) {
    Insert(payload);
  }
  EXPECT_EQ(ReleaseScheduled(), 0);
  EXPECT_THAT(Claim(10), SizeIs(5));
}

}  // namespace
}  // namespace vibestack::job_service

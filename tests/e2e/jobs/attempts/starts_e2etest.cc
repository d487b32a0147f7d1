// A job starts no sooner than it should, and within a second after.
#include <future>

#include "tests/e2e/jobs/attempts/attempts_fixture.h"

namespace vibestack::e2e {
namespace {

using job::v1::Job;
using testing::ElementsAre;
using testing::IsEmpty;

// A second, and the time of the calls.
constexpr absl::Duration kSoon = absl::Milliseconds(1'300);

class Starts : public AttemptsTest {
 protected:
  struct Taken {
    job::v1::ClaimedJob job;
    absl::Time time;
  };

  // As installed, but practically without polls: only change events wake a claim that waits.
  static void SetUpTestSuite() {
    SetUpWith({.job_flags = {"--poll_interval=1h"}, .job_replicas = 2});
  }

  // Claims a job of the workflow on a new thread.
  static std::future<Taken> WaitOn(size_t replica, const std::string& workflow_id) {
    return std::async(std::launch::async, [replica, workflow_id] {
      const auto stub = JobService::NewStub(services_->job(replica).channel());
      job::v1::ClaimJobsRequest request;
      request.add_workflow_ids(workflow_id);
      request.mutable_wait()->set_seconds(20);
      const auto claimed = Call(*stub, &Jobs::ClaimJobs, request, AsService());
      EXPECT_EQ(claimed.value.jobs_size(), 1) << Describe(claimed.status);
      return Taken{claimed.value.jobs_size() == 1 ? claimed.value.jobs(0) : job::v1::ClaimedJob(),
                   absl::Now()};
    });
  }
  // Waits until calls wait for a change on that replica.
  static void AwaitWaiting(size_t replica) {
    EXPECT_TRUE(Eventually(absl::Seconds(10),
                           [replica] { return services_->job(replica).WaitingCalls() >= 1; }));
  }
  static void SetTime(absl::Time time, google::protobuf::Timestamp& proto) {
    proto.set_seconds(absl::ToUnixMicros(time) / 1'000'000);
    proto.set_nanos(static_cast<int32_t>(absl::ToUnixMicros(time) % 1'000'000 * 1'000));
  }
  static absl::Time TimeOf(const google::protobuf::Timestamp& proto) {
    return absl::FromUnixSeconds(proto.seconds()) + absl::Nanoseconds(proto.nanos());
  }
};

TEST_F(Starts, AWaitingClaimOfEitherReplicaGetsAJobWhenItsTimeHasCome) {
  for (int round = 0; round < 6; ++round) {
    const size_t replica = round % 2;
    auto request = NewJob(R"("later")");
    auto taken = WaitOn(replica, request.workflow_id());
    AwaitWaiting(replica);
    const absl::Time start = absl::Now() + absl::Milliseconds(1'200 + 170 * round);
    SetTime(start, *request.mutable_not_before());
    const Job created = Create(request);
    EXPECT_EQ(created.status(), Job::PENDING);
    EXPECT_EQ(TimeOf(created.not_before()), absl::FromUnixMicros(absl::ToUnixMicros(start)));
    EXPECT_THAT(Claim(request.workflow_id()), IsEmpty());
    const Taken got = taken.get();
    EXPECT_EQ(got.job.job().id(), created.id());
    EXPECT_EQ(got.job.job().input().string_value(), "later");
    EXPECT_EQ(got.job.job().attempt(), 1);
    EXPECT_GE(got.time, start);
    EXPECT_LE(got.time - start, kSoon) << "round " << round;
  }
}

TEST_F(Starts, ADelayCountsFromTheCreation) {
  auto request = NewJob();
  auto taken = WaitOn(1, request.workflow_id());
  request.mutable_delay()->set_seconds(1);
  request.mutable_delay()->set_nanos(500'000'000);
  const Job created = Create(request);
  EXPECT_EQ(TimeOf(created.not_before()) - TimeOf(created.created_at()), absl::Milliseconds(1'500));
  const absl::Duration waited = taken.get().time - TimeOf(created.created_at());
  EXPECT_GE(waited, absl::Milliseconds(1'500));
  EXPECT_LE(waited, absl::Milliseconds(1'500) + kSoon);
}

TEST_F(Starts, ARetryWakesAWaitingClaim) {
  for (const size_t replica : {0, 1}) {
    const auto claimed = CreateAndClaim(NewJob());
    auto taken = WaitOn(replica, claimed.job().workflow_id());
    AwaitWaiting(replica);
    const absl::Time failed = absl::Now();
    ASSERT_THAT(FailForNow(claimed, "BUSY", absl::Seconds(1)), IsOk());
    const Taken got = taken.get();
    EXPECT_EQ(got.job.job().attempt(), 2);
    EXPECT_GE(got.time - failed, absl::Seconds(1));
    EXPECT_LE(got.time - failed, absl::Seconds(1) + kSoon);
  }
}

TEST_F(Starts, ATimeInThePastMeansAtOnce) {
  auto request = NewJob();
  SetTime(absl::Now() - absl::Hours(1), *request.mutable_not_before());
  EXPECT_FALSE(Create(request).has_not_before());
  EXPECT_EQ(Claim(request.workflow_id()).size(), 1U);
  auto without_delay = NewJob();
  without_delay.mutable_delay();
  EXPECT_FALSE(Create(without_delay).has_not_before());
  EXPECT_EQ(Claim(without_delay.workflow_id()).size(), 1U);
}

TEST_F(Starts, AtMostAYearAhead) {
  auto request = NewJob();
  request.mutable_delay()->set_seconds(366 * 86'400);
  EXPECT_THAT(TryCreate(request), IsOk());
  request.mutable_delay()->set_nanos(1'000);
  EXPECT_THAT(TryCreate(request), IsRefusedFor("delay"));
  request.mutable_delay()->set_seconds(-1);
  request.mutable_delay()->set_nanos(0);
  EXPECT_THAT(TryCreate(request), IsRefusedFor("delay"));
  SetTime(absl::Now() + absl::Hours(24 * 366 + 1), *request.mutable_not_before());
  EXPECT_THAT(TryCreate(request), IsRefusedFor("not_before"));
  request.mutable_not_before()->set_nanos(-1);
  EXPECT_THAT(TryCreate(request), IsRefusedFor("not_before"));
  request.mutable_not_before()->set_nanos(0);
  request.mutable_not_before()->set_seconds(INT64_MAX);
  EXPECT_THAT(TryCreate(request), IsRefusedFor("not_before"));
}

TEST_F(Starts, JobsThatWaitHideNoReadyOne) {
  const std::string workflow = NewJob().workflow_id();
  job::v1::BatchCreateJobsRequest batch;
  for (int i = 0; i < 1'000; ++i) {
    batch.add_requests()->set_workflow_id(workflow);
    batch.mutable_requests(i)->mutable_delay()->set_seconds(3'600);
  }
  ASSERT_THAT(Call(services_->jobs(), &Jobs::BatchCreateJobs, batch, AsUser()), IsOk());
  auto request = NewJob();
  request.set_workflow_id(workflow);
  const std::string ready = Create(request).id();
  const auto claimed = Claim(workflow, 100);
  ASSERT_EQ(claimed.size(), 1U);
  EXPECT_EQ(claimed[0].job().id(), ready);
}

TEST_F(Starts, AThousandJobsAreDueAtOnce) {
  const std::string workflow = NewJob().workflow_id();
  const absl::Time start = absl::Now() + absl::Seconds(2);
  job::v1::BatchCreateJobsRequest batch;
  for (int i = 0; i < 1'000; ++i) {
    batch.add_requests()->set_workflow_id(workflow);
    SetTime(start, *batch.mutable_requests(i)->mutable_not_before());
  }
  ASSERT_THAT(Call(services_->jobs(), &Jobs::BatchCreateJobs, batch, AsUser()), IsOk());
  size_t claimed = 0;
  EXPECT_TRUE(Eventually(absl::Seconds(10), [&] {
    claimed += Claim(workflow, 1'000).size();
    EXPECT_TRUE(claimed == 0 || absl::Now() >= start);
    return claimed == 1'000;
  })) << claimed;
  EXPECT_LE(absl::Now() - start, kSoon + absl::Seconds(1));
}

TEST_F(Starts, ACancelledJobNeverStartsAndARetriedOneStartsAtOnce) {
  auto request = NewJob("1");
  request.mutable_delay()->set_seconds(1);
  const Job job = Create(request);
  EXPECT_EQ(Cancel(job.id()).value.status(), Job::FAILED);
  EXPECT_THAT(Claim(request.workflow_id(), 1, absl::Seconds(3)), IsEmpty());
  ASSERT_THAT(Retry(job.id()), IsOk());
  const auto claimed = Claim(request.workflow_id());
  ASSERT_EQ(claimed.size(), 1U);
  EXPECT_THAT(ErrorsOf(claimed[0].job()), ElementsAre("1 CANCELLED"));
}

}  // namespace
}  // namespace vibestack::e2e

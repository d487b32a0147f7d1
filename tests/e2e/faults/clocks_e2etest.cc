// The services' clocks and the database's clock differ by an hour, in both directions: all times of
// jobs come from the database, and everything works. The tests shift the database's clock, because
// only the difference matters.
#include "tests/e2e/push/push_fixture.h"

#include "tests/support/stream.h"

namespace vibestack::e2e {
namespace {

using job::v1::Job;

constexpr absl::Duration kLong = absl::Seconds(20);

class Clocks : public PushTest, public testing::WithParamInterface<std::string> {
 protected:
  Clocks() {
    StopPostgres();
    StartPostgresShifted(GetParam());
  }
  ~Clocks() override {
    services_.reset();
    StopPostgres();
    StartPostgres();
  }

  void Begin(const std::string& push = "", HttpReceiver::Handler handler = AnswersOne()) {
    Serve(std::move(handler), push, 1, {"--lease_duration=2s", "--retention=30m"});
  }
  static HttpReceiver::Handler AnswersOne() {
    return [](const Received&) { return Reply{.body = "1"}; };
  }
  void SetUpdatedAt(const std::string& id, const std::string& time) {
    RunUnnoticed("UPDATE agent_jobs SET updated_at = " + time + " WHERE id = '" + id + "'");
  }
  Job Read(const std::string& id) { return GetJob(*services_, person_.access_token, id).value; }
};

TEST_P(Clocks, TheDatabasesClockIsTheOneThatIsOff) {
  const double hours = std::stod(Database().One("SELECT extract(epoch FROM now()) - " +
                                                std::to_string(absl::ToUnixSeconds(absl::Now())))) /
                       3'600;
  EXPECT_NEAR(hours, GetParam() == "+1h" ? 1 : -1, 0.1);
}

TEST_P(Clocks, AJobIsMadeListedClaimedAndCompletedByTheDatabasesTime) {
  Begin();
  const auto claimed = CreateAndClaim(*services_, person_);
  EXPECT_TRUE(Complete(*services_, claimed, "1").ok());
  EXPECT_EQ(AwaitEnd(claimed.job().id()).result_json(), "1");
  EXPECT_EQ(
      Database().One("SELECT count(*) FROM agent_jobs WHERE created_at BETWEEN now() - "
                     "interval '1 minute' AND now() AND updated_at BETWEEN created_at AND now()"),
      "1");
  job::v1::ListJobsRequest list;
  const auto listed =
      Call(services_->jobs(), &JobService::Stub::ListJobs, list, {.token = person_.access_token});
  EXPECT_EQ(listed.value.jobs_size(), 1);
}

TEST_P(Clocks, ALeaseLastsAsLongAsItSaysAndNoLonger) {
  Begin();
  const absl::Time before = absl::Now();
  const auto claimed = CreateAndClaim(*services_, person_);
  ASSERT_TRUE(AwaitStatus(claimed.job().id(), Job::PENDING));
  EXPECT_GT(absl::Now() - before, absl::Seconds(2));
  EXPECT_LT(absl::Now() - before, absl::Seconds(6));
  EXPECT_EQ(Complete(*services_, claimed, "1").reason(), "LEASE_LOST");
}

TEST_P(Clocks, AHeartbeatKeepsTheLease) {
  Begin();
  auto claimed = CreateAndClaim(*services_, person_);
  const absl::Time until = absl::Now() + absl::Seconds(5);
  ASSERT_TRUE(Eventually(kLong, [&] {
    job::v1::HeartbeatJobsRequest request;
    request.add_leases()->set_job_id(claimed.job().id());
    request.mutable_leases(0)->set_lease_token(claimed.lease_token());
    const auto beat = Call(services_->jobs(), &JobService::Stub::HeartbeatJobs, request,
                           {.token = services_->service_token()});
    EXPECT_FALSE(beat.value.results(0).has_error());
    claimed.set_lease_token(beat.value.results(0).lease_token());
    return HasFailure() || absl::Now() > until;
  }));
  EXPECT_TRUE(Complete(*services_, claimed, "1").ok());
}

TEST_P(Clocks, RetentionDeletesWhatIsOldForTheDatabaseOnly) {
  Begin();
  const auto fresh = CreateAndClaim(*services_, person_);
  ASSERT_TRUE(Complete(*services_, fresh, "1").ok());
  const auto old = CreateAndClaim(*services_, person_);
  ASSERT_TRUE(Complete(*services_, old, "1").ok());
  SetUpdatedAt(old.job().id(), "now() - interval '31 minutes'");
  EXPECT_TRUE(Eventually(kLong, [&] {
    return GetJob(*services_, services_->service_token(), old.job().id()).code() == grpc::NOT_FOUND;
  }));
  EXPECT_EQ(Read(fresh.job().id()).status(), Job::COMPLETED);
}

TEST_P(Clocks, StatsComputeTheAgeWithTheDatabaseClock) {
  Begin();
  CreateJob(*services_, person_, "waits");
  const auto stats = Call(services_->jobs(), &JobService::Stub::GetJobStats, {},
                          {.token = services_->service_token()});
  ASSERT_EQ(stats.value.workflows_size(), 1);
  EXPECT_LT(stats.value.workflows(0).oldest_pending_age().seconds(), 30);
}

TEST_P(Clocks, AFailedPushIsTriedAgainSoonAndGivenUpAtItsTime) {
  auto asked = std::make_shared<std::atomic<int>>(0);
  Begin(R"(, "completion": "RESPONSE", "timeout": "1s", "dispatch_timeout": "6s")",
        [asked](const Received&) {
          return asked->fetch_add(1) < 2 ? Reply{.status = 503} : Reply{.body = "1"};
        });
  const absl::Time before = absl::Now();
  EXPECT_EQ(AwaitEnd(Create()).status(), Job::COMPLETED);
  EXPECT_LT(absl::Now() - before, absl::Seconds(6));
  *asked = -1'000;
  const absl::Time refused = absl::Now();
  EXPECT_EQ(ErrorOf(AwaitEnd(Create())), "DISPATCH_TIMEOUT");
  EXPECT_GT(absl::Now() - refused, absl::Seconds(5));
}

TEST_P(Clocks, ARunThatDoesNotCallBackFailsAtItsTime) {
  workflow_ = R"(, "max_attempts": 1)";
  Begin(R"(, "processing_timeout": "2s")");
  const absl::Time before = absl::Now();
  EXPECT_EQ(ErrorOf(AwaitEnd(Create())), "PROCESSING_TIMEOUT");
  EXPECT_GT(absl::Now() - before, absl::Seconds(2));
}

TEST_P(Clocks, ACallbackIsTaken) {
  Begin();
  const std::string id = Create();
  ASSERT_TRUE(AwaitPosts(1));
  EXPECT_TRUE(CallBack(id, TokenFor(id), "2").ok());
  EXPECT_EQ(AwaitEnd(id).result_json(), "2");
}

TEST_P(Clocks, WatchJobsReportsChangesWithoutANotification) {
  Begin();
  job::v1::WatchJobsRequest request;
  Stream<job::v1::WatchJobsResponse> stream(
      [&](grpc::ClientContext* context,
          grpc::ClientReadReactor<job::v1::WatchJobsResponse>* reader) {
        services_->jobs().async()->WatchJobs(context, &request, reader);
      },
      {.token = person_.access_token});
  ASSERT_TRUE(stream.Next().value_or(job::v1::WatchJobsResponse()).caught_up());
  const auto reported = [&stream](Job::Status status) {
    while (const auto message = stream.Next(absl::Seconds(5))) {
      for (const Job& job : message->jobs()) {
        if (job.status() == status) return true;
      }
    }
    return false;
  };
  const Job job = CreateJob(*services_, person_, "w");
  EXPECT_TRUE(reported(Job::PENDING));
  RunWhenUp(
      "SET session_replication_role = replica; UPDATE agent_jobs SET status = 'failed', "
      "updated_at = clock_timestamp() WHERE id = '" +
      job.id() + "'");
  EXPECT_TRUE(reported(Job::FAILED));
}

INSTANTIATE_TEST_SUITE_P(Shifted, Clocks, testing::Values("+1h", "-1h"), [](const auto& info) {
  return info.param == "+1h" ? std::string("DatabaseAhead") : std::string("DatabaseBehind");
});

}  // namespace
}  // namespace vibestack::e2e

// The database goes away under load and comes back.
#include <gmock/gmock.h>

#include "tests/support/database.h"
#include "tests/support/load.h"

namespace vibestack::e2e {
namespace {

using testing::IsEmpty;

constexpr absl::Duration kSoon = absl::Seconds(20);
constexpr int kThreads = 6;

class DatabaseOutage : public testing::Test {
 protected:
  // Starts the server again, so that the next test finds it running.
  void TearDown() override { StartPostgres(); }

  bool BothSay(const std::string& readiness) {
    return Health(services_.user().channel(), "readiness") == readiness &&
           Health(services_.job().channel(), "readiness") == readiness;
  }

  void ExpectLive() {
    EXPECT_EQ(Health(services_.user().channel(), "liveness"), "SERVING");
    EXPECT_EQ(Health(services_.job().channel(), "liveness"), "SERVING");
  }

  // A step that reads the caller's own account, each time from the database.
  std::function<void(int)> ReadsUsers(Ledger& ledger) {
    return [this, &ledger](int) {
      user::v1::GetUserRequest request;
      request.set_id("me");
      const auto user = Call(services_.users(), &UserService::Stub::GetUser, request,
                             {.token = person_.access_token});
      if (user.ok()) ledger.Acknowledge(NewUuid());
      if (!user.ok()) ledger.Refuse(user.status);
    };
  }

  // Waits until calls succeed again, in both services.
  void ExpectProgress(const Ledger& creates, const Ledger& reads) {
    const size_t created = creates.acknowledgements();
    const size_t read = reads.acknowledgements();
    EXPECT_TRUE(Eventually(kSoon, [&] {
      return creates.acknowledgements() > created + 20 && reads.acknowledgements() > read + 20;
    }));
  }

  void ExpectOutageIsBridged(const std::function<void()>& take_away) {
    Ledger creates;
    Ledger reads;
    const std::string workflow = "outage-" + NewUuid();
    Load create(kThreads, CreatesJobs(services_, person_, workflow, creates, false, kThreads));
    Load read(2, ReadsUsers(reads));
    ExpectProgress(creates, reads);

    take_away();
    EXPECT_TRUE(Eventually(kSoon, [&] {
      return creates.refusals() > 10 && reads.refusals() > 10 && BothSay("NOT_SERVING");
    }));
    ExpectLive();

    StartPostgres();
    EXPECT_TRUE(Eventually(kSoon, [&] { return BothSay("SERVING"); }));
    ExpectProgress(creates, reads);
    create.Stop();
    read.Stop();

    EXPECT_THAT(creates.others(), IsEmpty());
    EXPECT_THAT(reads.others(), IsEmpty());
    EXPECT_THAT(
        Missing(creates, Database().Column("SELECT id FROM agent_jobs WHERE workflow_id = '" +
                                           workflow + "'")),
        IsEmpty());
  }

  Services services_;
  const Person person_ = services_.SignUp();
};

TEST_F(DatabaseOutage, StoppedDatabaseMeansUnavailableThenRecoveryAndNoAcknowledgedJobIsMissing) {
  ExpectOutageIsBridged(StopPostgres);
}

TEST_F(DatabaseOutage, CrashedDatabaseMeansUnavailableThenRecoveryAndNoAcknowledgedJobIsMissing) {
  ExpectOutageIsBridged(KillPostgres);
}

TEST_F(DatabaseOutage, EndedConnectionsAreReplacedAndNoAcknowledgedJobIsMissing) {
  Ledger creates;
  const std::string workflow = "ended-" + NewUuid();
  Load create(kThreads, CreatesJobs(services_, person_, workflow, creates, false, kThreads));
  Database database;
  for (int round = 0; round < 10; ++round) {
    const size_t before = creates.acknowledgements();
    database.Run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid()");
    EXPECT_TRUE(Eventually(kSoon, [&] { return creates.acknowledgements() > before + 10; }));
  }
  create.Stop();
  EXPECT_THAT(creates.others(), IsEmpty());
  EXPECT_THAT(Missing(creates, database.Column("SELECT id FROM agent_jobs WHERE workflow_id = '" +
                                               workflow + "'")),
              IsEmpty());
  EXPECT_TRUE(Eventually(kSoon, [&] { return BothSay("SERVING"); }));
}

TEST_F(DatabaseOutage, IdleServicesNoticeTheOutageAndItsEnd) {
  StopPostgres();
  EXPECT_TRUE(Eventually(absl::Seconds(5), [&] { return BothSay("NOT_SERVING"); }));
  ExpectLive();
  StartPostgres();
  EXPECT_TRUE(Eventually(kSoon, [&] { return BothSay("SERVING"); }));
  EXPECT_FALSE(CreateJob(services_, person_, "after").id().empty());
}

TEST_F(DatabaseOutage, WaitingCallersGetTheirJobAfterAnOutage) {
  const std::string workflow = "waited-" + NewUuid();
  Result<job::v1::ClaimJobsResponse> claimed;
  std::thread worker([&] {
    job::v1::ClaimJobsRequest request;
    request.add_workflow_ids(workflow);
    request.mutable_wait()->set_seconds(60);
    // The call may be refused during the outage: a worker calls again.
    Eventually(absl::Seconds(60), [&] {
      claimed = Call(services_.jobs(), &JobService::Stub::ClaimJobs, request,
                     {.token = services_.service_token(), .timeout = absl::Seconds(70)});
      EXPECT_TRUE(claimed.ok() || claimed.code() == grpc::UNAVAILABLE) << Describe(claimed.status);
      return claimed.ok();
    });
  });
  StopPostgres();
  StartPostgres();
  EXPECT_TRUE(Eventually(kSoon, [&] { return BothSay("SERVING"); }));
  const job::v1::Job job = CreateJob(services_, person_, workflow);
  worker.join();
  ASSERT_EQ(claimed.value.jobs_size(), 1);
  EXPECT_EQ(claimed.value.jobs(0).job().id(), job.id());
}

}  // namespace
}  // namespace vibestack::e2e

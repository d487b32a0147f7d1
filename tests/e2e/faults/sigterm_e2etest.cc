// SIGTERM under load: every acknowledged write is stored, every call gets a response, and the exit
// code is 0.
#include <gmock/gmock.h>
#include <signal.h>

#include <future>

#include "tests/support/database.h"
#include "tests/support/load.h"

namespace vibestack::e2e {
namespace {

using testing::IsEmpty;

constexpr int kThreads = 6;
constexpr absl::Duration kGrace = absl::Seconds(10);

class Sigterm : public testing::Test {
 protected:
  // Sends SIGTERM and expects a clean end within the grace time.
  static void ExpectCleanEnd(Service& service) {
    const absl::Time began = absl::Now();
    service.process().Signal(SIGTERM);
    const std::optional<int> code = service.process().AwaitExit(kGrace + absl::Seconds(10));
    EXPECT_EQ(code, 0) << service.log();
    EXPECT_LT(absl::Now() - began, kGrace);
  }

  // Calls of a worker and of an application that wait for longer than the service still runs.
  std::vector<std::future<grpc::Status>> LongPolls(const std::string& job_id) {
    std::vector<std::future<grpc::Status>> calls;
    for (int i = 0; i < 4; ++i) {
      calls.push_back(std::async(std::launch::async, [this, job_id] {
        const auto stub = JobService::NewStub(Connect(services_.job().address()));
        job::v1::WaitJobRequest request;
        request.set_id(job_id);
        request.mutable_timeout()->set_seconds(100);
        const auto job = Call(*stub, &JobService::Stub::WaitJob, request,
                              {.token = person_.access_token, .timeout = absl::Seconds(110)});
        EXPECT_TRUE(!job.ok() || job.value.status() == job::v1::Job::PENDING);
        return job.status;
      }));
      calls.push_back(std::async(std::launch::async, [this] {
        const auto stub = JobService::NewStub(Connect(services_.job().address()));
        job::v1::ClaimJobsRequest request;
        request.add_workflow_ids("nobody-creates-this");
        request.mutable_wait()->set_seconds(100);
        return Call(*stub, &JobService::Stub::ClaimJobs, request,
                    {.token = services_.service_token(), .timeout = absl::Seconds(110)})
            .status;
      }));
    }
    return calls;
  }

  Services services_{
      {.user_flags = {"--shutdown_grace=10s"}, .job_flags = {"--shutdown_grace=10s"}}};
  const Person person_ = services_.SignUp();
};

TEST_F(Sigterm, SigtermUnderLoadLosesNoAcknowledgedJobAndAnswersEveryWaitingCaller) {
  Ledger creates;
  const std::string workflow = "sigterm-" + NewUuid();
  const job::v1::Job pending = CreateJob(services_, person_, "waits");
  auto waiting = LongPolls(pending.id());
  Load load(kThreads, CreatesJobs(services_, person_, workflow, creates, true, kThreads));
  ASSERT_TRUE(Eventually(absl::Seconds(20), [&] { return creates.acknowledgements() > 200; }));
  for (const auto& call : waiting) {
    EXPECT_EQ(call.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  }

  ExpectCleanEnd(services_.job());
  load.Stop();
  for (auto& call : waiting) {
    ASSERT_EQ(call.wait_for(std::chrono::seconds(5)), std::future_status::ready);
    const grpc::Status status = call.get();
    EXPECT_TRUE(status.ok() || status.error_code() == grpc::UNAVAILABLE) << Describe(status);
  }
  EXPECT_THAT(creates.others(), IsEmpty());
  EXPECT_THAT(Missing(creates, Database().Column("SELECT id FROM agent_jobs WHERE workflow_id = '" +
                                                 workflow + "'")),
              IsEmpty());
}

TEST_F(Sigterm, SigtermUnderLoadLosesNoAcknowledgedAccount) {
  Ledger sign_ups;
  Load load(kThreads, SignsUp(services_, sign_ups, kThreads));
  ASSERT_TRUE(Eventually(absl::Seconds(20), [&] { return sign_ups.acknowledgements() > 50; }));
  ExpectCleanEnd(services_.user());
  load.Stop();
  EXPECT_THAT(sign_ups.others(), IsEmpty());
  EXPECT_THAT(Missing(sign_ups, Database().Column("SELECT id FROM users")), IsEmpty());
}

TEST_F(Sigterm, CallThatWaitsForALockIsAnsweredWithinTheGraceTime) {
  Database locker;
  locker.Run("BEGIN");
  locker.Run("SELECT 1 FROM users WHERE id = '" + person_.id + "' FOR UPDATE");
  auto update = std::async(std::launch::async, [this] {
    user::v1::UpdateUserRequest request;
    request.mutable_user()->set_id("me");
    request.mutable_user()->set_bio("late");
    return Call(services_.users(), &UserService::Stub::UpdateUser, request,
                {.token = person_.access_token, .transport_may_fail = true})
        .status;
  });
  Database observer;
  ASSERT_TRUE(Eventually(absl::Seconds(10), [&] {
    return observer.One("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") !=
           "0";
  }));
  services_.user().process().Signal(SIGTERM);
  // The service accepts no new calls, and lets this one finish.
  EXPECT_TRUE(Eventually(absl::Seconds(5), [&] { return !services_.user().IsReady(); }));
  locker.Run("COMMIT");
  EXPECT_TRUE(update.get().ok());
  EXPECT_EQ(services_.user().process().AwaitExit(kGrace), 0);
  EXPECT_EQ(observer.One("SELECT bio FROM users WHERE id = '" + person_.id + "'"), "late");
}

TEST_F(Sigterm, SecondSigtermAndSigintDoNoHarm) {
  services_.job().process().Signal(SIGTERM);
  services_.job().process().Signal(SIGTERM);
  EXPECT_EQ(services_.job().process().AwaitExit(kGrace), 0);
  services_.user().process().Signal(SIGINT);
  EXPECT_EQ(services_.user().process().AwaitExit(kGrace), 0);
}

TEST_F(Sigterm, ServiceStopsWhileTheDatabaseIsAway) {
  StopPostgres();
  ExpectCleanEnd(services_.job());
  ExpectCleanEnd(services_.user());
  StartPostgres();
}

// The exit code is 1, because running calls could not finish.
TEST_F(Sigterm, ServicesStopWithinTheGraceTimeThoughTheDatabaseHangs) {
  const job::v1::Job job = CreateJob(services_, person_, "hangs");
  const With service{.token = services_.service_token(), .timeout = absl::Minutes(1)};
  std::vector<std::future<grpc::StatusCode>> calls;
  const auto is_busy = [](Service& of) {
    return of.Metric(R"(vibestack_db_connections{state="busy"})") > 0;
  };
  std::optional<HungPostgres> hung(std::in_place);
  calls.push_back(std::async(std::launch::async, [&] {
    job::v1::GetJobRequest request;
    request.set_id(job.id());
    return Call(services_.jobs(), &JobService::Stub::GetJob, request, service).code();
  }));
  calls.push_back(std::async(std::launch::async, [&] {
    user::v1::GetUserRequest request;
    request.set_id(person_.id);
    return Call(services_.users(), &UserService::Stub::GetUser, request, service).code();
  }));
  for (Service* stopped : {&services_.job(), &services_.user()}) {
    ASSERT_TRUE(Eventually(absl::Seconds(20), [&] { return is_busy(*stopped); }));
  }
  const absl::Time began = absl::Now();
  services_.job().process().Signal(SIGTERM);
  services_.user().process().Signal(SIGTERM);
  for (Service* stopped : {&services_.job(), &services_.user()}) {
    EXPECT_EQ(stopped->process().AwaitExit(kGrace * 2), 1) << stopped->log();
    EXPECT_LT(absl::Now() - began, kGrace);
    EXPECT_THAT(stopped->log(), testing::HasSubstr("shutdown_incomplete"));
  }
  for (auto& call : calls) EXPECT_EQ(call.get(), grpc::UNAVAILABLE);
}

}  // namespace
}  // namespace vibestack::e2e

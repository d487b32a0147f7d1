// A call's deadline bounds its statements in the database.
#include <gmock/gmock.h>

#include "tests/support/database.h"
#include "tests/support/walk.h"

namespace vibestack::e2e {
namespace {

class Deadline : public testing::Test {
 protected:
  void Lock(const Person& person) {
    locker_.Run("BEGIN");
    locker_.Run("SELECT 1 FROM users WHERE id = '" + person.id + "' FOR UPDATE");
  }

  // The number of the services' statements that wait for a lock.
  int Blocked() {
    return std::stoi(
        observer_.One("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                      "AND datname = current_database()"));
  }

  // Expects that a call with a deadline of 50 ms that waits for the lock ends soon, and its
  // statement, too.
  void ExpectCutOff(const std::function<grpc::Status(const With&)>& call) {
    const absl::Time began = absl::Now();
    const grpc::Status status = call({.token = person_.access_token,
                                      .timeout = absl::Milliseconds(50),
                                      .transport_may_fail = true});
    EXPECT_EQ(status.error_code(), grpc::DEADLINE_EXCEEDED) << Describe(status);
    EXPECT_LT(absl::Now() - began, absl::Milliseconds(500));
    EXPECT_TRUE(Eventually(absl::Milliseconds(700), [&] { return Blocked() == 0; }));
  }

  grpc::Status Update(const With& with) {
    user::v1::UpdateUserRequest request;
    request.mutable_user()->set_id("me");
    request.mutable_user()->set_bio("changed");
    return Call(services_.users(), &UserService::Stub::UpdateUser, request, with).status;
  }

  grpc::Status Create(const With& with) {
    job::v1::CreateJobRequest request;
    request.set_workflow_id("blocked");
    return Call(services_.jobs(), &JobService::Stub::CreateJob, request, with).status;
  }

  Services services_;
  const Person person_ = services_.SignUp();
  Database locker_;
  Database observer_;
};

TEST_F(Deadline, ShortCallOnALockedRowEndsAndItsStatementIsCancelled) {
  ASSERT_TRUE(Update({.token = person_.access_token}).ok());
  ASSERT_TRUE(Create({.token = person_.access_token}).ok());
  Lock(person_);
  ExpectCutOff([this](const With& with) { return Update(with); });
  ExpectCutOff([this](const With& with) { return Create(with); });
  locker_.Run("ROLLBACK");
  // The calls wrote nothing after their deadline.
  EXPECT_EQ(observer_.One("SELECT count(*) FROM agent_jobs WHERE workflow_id = 'blocked'"), "1");
  EXPECT_TRUE(Update({.token = person_.access_token}).ok());
  EXPECT_TRUE(Create({.token = person_.access_token}).ok());
}

TEST_F(Deadline, ALockedRowBlocksNobodyForever) {
  const Person other = services_.SignUp();
  Lock(person_);
  std::thread blocked([this] {
    const grpc::Status status = Update(
        {.token = person_.access_token, .timeout = absl::Seconds(2), .transport_may_fail = true});
    EXPECT_EQ(status.error_code(), grpc::DEADLINE_EXCEEDED) << Describe(status);
  });
  EXPECT_TRUE(Eventually(absl::Seconds(10), [&] { return Blocked() > 0; }));
  // Other calls succeed in the meantime.
  EXPECT_TRUE(Update({.token = other.access_token, .timeout = absl::Seconds(1)}).ok());
  blocked.join();
  locker_.Run("ROLLBACK");
}

TEST_F(Deadline, WaitEndsBeforeTheDeadlineOfTheCall) {
  const job::v1::Job job = CreateJob(services_, person_, "waits");
  job::v1::WaitJobRequest request;
  request.set_id(job.id());
  request.mutable_timeout()->set_seconds(60);
  const auto waited = Call(services_.jobs(), &JobService::Stub::WaitJob, request,
                           {.token = person_.access_token, .timeout = absl::Seconds(2)});
  ASSERT_TRUE(waited.ok()) << Describe(waited.status);
  EXPECT_EQ(waited.value.status(), job::v1::Job::PENDING);
  job::v1::ClaimJobsRequest claim;
  claim.add_workflow_ids("nothing-here");
  claim.mutable_wait()->set_seconds(60);
  const auto claimed = Call(services_.jobs(), &JobService::Stub::ClaimJobs, claim,
                            {.token = services_.service_token(), .timeout = absl::Seconds(2)});
  ASSERT_TRUE(claimed.ok()) << Describe(claimed.status);
  EXPECT_EQ(claimed.value.jobs_size(), 0);
}

TEST_F(Deadline, ClaimWhoseCallerLeftTakesNoJob) {
  // A claim that is cancelled while it waits must not take the job that comes later.
  job::v1::ClaimJobsRequest claim;
  claim.add_workflow_ids("left");
  claim.mutable_wait()->set_seconds(60);
  for (int i = 0; i < 10; ++i) {
    grpc::ClientContext context;
    Prepare(context, {.token = services_.service_token()});
    std::thread caller([&] {
      job::v1::ClaimJobsResponse response;
      EXPECT_EQ(services_.jobs().ClaimJobs(&context, claim, &response).error_code(),
                grpc::CANCELLED);
    });
    context.TryCancel();
    caller.join();
  }
  const job::v1::Job job = CreateJob(services_, person_, "left");
  EXPECT_EQ(ClaimJob(services_, "left").job().id(), job.id());
}

TEST_F(Deadline, JobClaimedForACallerWhoLeftIsHandedBackAtOnce) {
  const job::v1::Job job = CreateJob(services_, person_, "handed back");
  locker_.Run("BEGIN");
  locker_.Run("LOCK TABLE agent_jobs IN EXCLUSIVE MODE");
  grpc::ClientContext context;
  Prepare(context, {.token = services_.service_token()});
  std::thread caller([&] {
    job::v1::ClaimJobsRequest claim;
    claim.add_workflow_ids("handed back");
    job::v1::ClaimJobsResponse response;
    EXPECT_EQ(services_.jobs().ClaimJobs(&context, claim, &response).error_code(), grpc::CANCELLED);
  });
  // The statement of the claim is under way, and claims the job after its client has gone away.
  EXPECT_TRUE(Eventually(absl::Seconds(10), [&] { return Blocked() > 0; }));
  context.TryCancel();
  caller.join();
  // After these calls on the same connection the service has seen the cancellation.
  job::v1::GetJobRequest get;
  get.set_id(job.id());
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(
        Call(services_.jobs(), &JobService::Stub::GetJob, get, {.token = person_.access_token})
            .ok());
  }
  locker_.Run("ROLLBACK");
  // Long before the lease expires.
  EXPECT_EQ(ClaimJob(services_, "handed back").job().id(), job.id());
}

}  // namespace
}  // namespace vibestack::e2e

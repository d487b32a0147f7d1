// Soft deletion, restoration and erasure, as both services and waiting calls see them.
#include <gmock/gmock.h>

#include <future>

#include "tests/support/database.h"
#include "tests/support/walk.h"

namespace vibestack::e2e {
namespace {

class Erasure : public testing::Test {
 protected:
  Result<user::v1::PurgeUserResponse> Purge(const std::string& id, const std::string& token) {
    user::v1::PurgeUserRequest request;
    request.set_id(id);
    return Call(services_.users(), &UserService::Stub::PurgeUser, request, {.token = token});
  }
  Result<user::v1::User> Delete(const std::string& id, const std::string& token) {
    user::v1::DeleteUserRequest request;
    request.set_id(id);
    return Call(services_.users(), &UserService::Stub::DeleteUser, request, {.token = token});
  }
  Result<user::v1::User> Undelete(const std::string& id, const std::string& token) {
    user::v1::UndeleteUserRequest request;
    request.set_id(id);
    return Call(services_.users(), &UserService::Stub::UndeleteUser, request, {.token = token});
  }
  Result<user::v1::User> Get(const std::string& id, const std::string& token) {
    user::v1::GetUserRequest request;
    request.set_id(id);
    return Call(services_.users(), &UserService::Stub::GetUser, request, {.token = token});
  }
  std::future<Result<job::v1::Job>> WaitFor(const std::string& id, const std::string& token) {
    return std::async(std::launch::async, [this, id, token] {
      job::v1::WaitJobRequest request;
      request.set_id(id);
      request.mutable_timeout()->set_seconds(25);
      return Call(services_.jobs(), &JobService::Stub::WaitJob, request, {.token = token});
    });
  }

  EmptiedDatabase database_;
  // Only change events wake waiting calls.
  Services services_{{.job_flags = {"--poll_interval=1h"}}};
  const Person superuser_ = services_.CreateSuperuser();
  const Person person_ = services_.SignUp();
  const std::string& admin_ = superuser_.access_token;
};

TEST_F(Erasure, PurgeErasesTheUserAndTheJobsAndFreesTheEmail) {
  const job::v1::Job job = CreateJob(services_, person_, "w");
  CreateJob(services_, person_, "w");
  const Person other = services_.SignUp();
  const job::v1::Job kept = CreateJob(services_, other, "w");
  const auto purged = Purge(person_.id, admin_);
  ASSERT_TRUE(purged.ok()) << Describe(purged.status);
  EXPECT_EQ(purged.value.purged_jobs(), 2);
  EXPECT_EQ(Get(person_.id, admin_).reason(), "USER_NOT_FOUND");
  EXPECT_EQ(Purge(person_.id, admin_).reason(), "USER_NOT_FOUND");
  EXPECT_EQ(Delete(person_.id, admin_).reason(), "USER_NOT_FOUND");
  EXPECT_EQ(Undelete(person_.id, admin_).reason(), "USER_NOT_FOUND");
  EXPECT_EQ(GetJob(services_, admin_, job.id()).reason(), "JOB_NOT_FOUND");
  EXPECT_TRUE(GetJob(services_, other.access_token, kept.id()).ok());
  EXPECT_EQ(database_.Column("SELECT user_id FROM agent_jobs"), std::set<std::string>{other.id});
  // A sign-up with the same email creates another account, and old tokens do not work for it.
  const Person again = services_.SignUp(person_.email);
  EXPECT_NE(again.id, person_.id);
  EXPECT_EQ(Get("me", person_.access_token).code(), grpc::UNAUTHENTICATED);
}

TEST_F(Erasure, WhoWaitsForAJobOfAPurgedUserIsAnsweredAtOnce) {
  const job::v1::Job job = CreateJob(services_, person_, "w");
  auto by_service = WaitFor(job.id(), services_.service_token());
  auto by_owner = WaitFor(job.id(), person_.access_token);
  ASSERT_TRUE(Eventually(absl::Seconds(10), [&] { return services_.job().WaitingCalls() >= 2; }));
  ASSERT_TRUE(Purge(person_.id, admin_).ok());
  ASSERT_EQ(by_service.wait_for(std::chrono::seconds(5)), std::future_status::ready);
  ASSERT_EQ(by_owner.wait_for(std::chrono::seconds(5)), std::future_status::ready);
  EXPECT_EQ(by_service.get().reason(), "JOB_NOT_FOUND");
  EXPECT_FALSE(by_owner.get().ok());
}

TEST_F(Erasure, AWorkerCannotBringBackAClaimedJobOfAPurgedUser) {
  const job::v1::ClaimedJob claimed = CreateAndClaim(services_, person_);
  ASSERT_TRUE(Purge(person_.id, admin_).ok());
  EXPECT_FALSE(Complete(services_, claimed, "1").ok());
  EXPECT_EQ(database_.One("SELECT count(*) FROM agent_jobs"), "0");
}

TEST_F(Erasure, JobsThatAServiceMakesWhileTheirUserIsPurgedAreErasedOrRefused) {
  for (int round = 0; round < 20; ++round) {
    const Person person = services_.SignUp();
    std::atomic<int> made = 0;
    auto maker = std::async(std::launch::async, [&] {
      job::v1::CreateJobRequest request;
      request.set_user_id(person.id);
      request.set_workflow_id("w");
      while (true) {
        const auto job = Call(services_.jobs(), &JobService::Stub::CreateJob, request,
                              {.token = services_.service_token()});
        if (!job.ok()) return job.reason();
        ++made;
      }
    });
    ASSERT_TRUE(Eventually(absl::Seconds(10), [&] { return made > 3; }));
    const auto purged = Purge(person.id, admin_);
    ASSERT_TRUE(purged.ok()) << Describe(purged.status);
    EXPECT_EQ(maker.get(), "USER_NOT_FOUND");
    EXPECT_EQ(purged.value.purged_jobs(), made);
    EXPECT_EQ(database_.One("SELECT count(*) FROM agent_jobs"), "0");
  }
}

TEST_F(Erasure, OnlyASuperuserPurges) {
  EXPECT_EQ(Purge("me", person_.access_token).reason(), "ROLE_REQUIRED");
  EXPECT_EQ(Purge(person_.id, services_.service_token()).reason(), "ROLE_REQUIRED");
  EXPECT_EQ(Purge(person_.id, "").reason(), "TOKEN_MISSING");
  EXPECT_TRUE(Get("me", person_.access_token).ok());
}

TEST_F(Erasure, OneDeletesOneselfAndASuperuserTakesItBackOnce) {
  const Person other = services_.SignUp();
  EXPECT_EQ(Delete(other.id, person_.access_token).reason(), "NOT_YOURS");
  EXPECT_EQ(Undelete(person_.id, admin_).reason(), "USER_ACTIVE");
  const auto deleted = Delete("me", person_.access_token);
  ASSERT_TRUE(deleted.ok()) << Describe(deleted.status);
  EXPECT_FALSE(deleted.value.is_active());
  EXPECT_EQ(Get("me", person_.access_token).reason(), "ACCOUNT_INACTIVE");
  const auto again = Delete(person_.id, admin_);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again.value.updated_at().nanos(), deleted.value.updated_at().nanos());
  EXPECT_EQ(Undelete(person_.id, other.access_token).reason(), "ROLE_REQUIRED");
  // The email stays taken while the row is there.
  user::v1::SignUpRequest sign_up;
  sign_up.set_email(person_.email);
  sign_up.set_password("correct horse battery");
  EXPECT_EQ(Call(services_.auth(), &AuthService::Stub::SignUp, sign_up).reason(), "EMAIL_TAKEN");
  ASSERT_TRUE(Undelete(person_.id, admin_).ok());
  const auto twice = Undelete(person_.id, admin_);
  EXPECT_EQ(twice.code(), grpc::ALREADY_EXISTS);
  EXPECT_EQ(twice.reason(), "USER_ACTIVE");
  EXPECT_TRUE(Eventually(absl::Seconds(10), [&] { return Get("me", person_.access_token).ok(); }));
}

}  // namespace
}  // namespace vibestack::e2e

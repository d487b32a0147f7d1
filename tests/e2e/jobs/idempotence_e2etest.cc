// A create with a client-chosen id may be repeated.
#include <gmock/gmock.h>

#include <future>

#include "tests/support/database.h"
#include "tests/support/walk.h"

namespace vibestack::e2e {
namespace {

class Idempotence : public testing::Test {
 protected:
  Result<job::v1::Job> Create(const std::string& id, const std::string& workflow_id,
                              const std::string& token) {
    job::v1::CreateJobRequest request;
    request.set_id(id);
    request.set_workflow_id(workflow_id);
    return Call(services_.jobs(), &JobService::Stub::CreateJob, request, {.token = token});
  }

  std::string CountJobs(const std::string& id) {
    return Database().One("SELECT count(*) FROM agent_jobs WHERE id = '" + id + "'");
  }

  Services services_;
  const Person person_ = services_.SignUp();
};

TEST_F(Idempotence, SameClientChosenIdTwiceGivesOneJob) {
  const std::string id = NewUuid();
  const auto first = Create(id, "once", person_.access_token);
  const auto second = Create(id, "once", person_.access_token);
  ASSERT_TRUE(first.ok()) << Describe(first.status);
  ASSERT_TRUE(second.ok()) << Describe(second.status);
  EXPECT_EQ(first.value.SerializeAsString(), second.value.SerializeAsString());
  EXPECT_EQ(CountJobs(id), "1");
}

TEST_F(Idempotence, SameClientChosenIdManyTimesAtOnceGivesOneJob) {
  for (int round = 0; round < 5; ++round) {
    const std::string id = NewUuid();
    std::vector<std::future<Result<job::v1::Job>>> calls;
    calls.reserve(16);
    for (int i = 0; i < 16; ++i) {
      calls.push_back(
          std::async(std::launch::async, [&] { return Create(id, "once", person_.access_token); }));
    }
    for (auto& call : calls) {
      const auto job = call.get();
      EXPECT_TRUE(job.ok()) << Describe(job.status);
      EXPECT_EQ(job.value.id(), id);
    }
    EXPECT_EQ(CountJobs(id), "1");
  }
}

TEST_F(Idempotence, SameIdWithOtherContentAlreadyExists) {
  const std::string id = NewUuid();
  ASSERT_TRUE(Create(id, "one", person_.access_token).ok());
  const auto other_content = Create(id, "two", person_.access_token);
  EXPECT_EQ(other_content.code(), grpc::ALREADY_EXISTS);
  EXPECT_EQ(other_content.reason(), "ID_TAKEN");
  const auto other_owner = Create(id, "one", services_.SignUp().access_token);
  EXPECT_EQ(other_owner.code(), grpc::ALREADY_EXISTS);
  EXPECT_EQ(CountJobs(id), "1");
}

TEST_F(Idempotence, OfTwoContentsAtOnceOneWins) {
  for (int round = 0; round < 5; ++round) {
    const std::string id = NewUuid();
    std::vector<std::future<Result<job::v1::Job>>> calls;
    calls.reserve(16);
    for (int i = 0; i < 16; ++i) {
      calls.push_back(std::async(std::launch::async, [&, i] {
        return Create(id, "content-" + std::to_string(i % 2), person_.access_token);
      }));
    }
    int made = 0;
    for (auto& call : calls) {
      const auto job = call.get();
      if (job.ok()) ++made;
      if (!job.ok()) {
        EXPECT_EQ(job.code(), grpc::ALREADY_EXISTS) << Describe(job.status);
      }
    }
    EXPECT_EQ(made, 8);
    EXPECT_EQ(CountJobs(id), "1");
  }
}

TEST_F(Idempotence, RepeatedCreateOfAFinishedJobReturnsIt) {
  const std::string id = NewUuid();
  const std::string workflow = "finished-" + id;
  ASSERT_TRUE(Create(id, workflow, person_.access_token).ok());
  ASSERT_TRUE(Complete(services_, ClaimJob(services_, workflow), "1").ok());
  const auto again = Create(id, workflow, person_.access_token);
  ASSERT_TRUE(again.ok()) << Describe(again.status);
  EXPECT_EQ(again.value.status(), job::v1::Job::COMPLETED);
}

TEST_F(Idempotence, BatchIsMadeWholeOrNotAtAll) {
  const std::string taken = NewUuid();
  ASSERT_TRUE(Create(taken, "one", person_.access_token).ok());
  job::v1::BatchCreateJobsRequest request;
  const std::string fresh = NewUuid();
  for (const std::string& id : {fresh, taken}) {
    auto& item = *request.add_requests();
    item.set_id(id);
    item.set_workflow_id("two");
  }
  const auto batch = Call(services_.jobs(), &JobService::Stub::BatchCreateJobs, request,
                          {.token = person_.access_token});
  EXPECT_EQ(batch.code(), grpc::ALREADY_EXISTS);
  EXPECT_EQ(CountJobs(fresh), "0");
}

TEST_F(Idempotence, RepeatedCompleteWithTheSameResultIsOk) {
  const job::v1::ClaimedJob claimed = CreateAndClaim(services_, person_);
  const auto first = Complete(services_, claimed, R"({"b": 1, "a": 2})");
  const auto second = Complete(services_, claimed, R"({"a":2,"b":1})");
  ASSERT_TRUE(first.ok()) << Describe(first.status);
  ASSERT_TRUE(second.ok()) << Describe(second.status);
  EXPECT_EQ(first.value.SerializeAsString(), second.value.SerializeAsString());
  EXPECT_EQ(Complete(services_, claimed, "3").code(), grpc::ABORTED);
}

TEST_F(Idempotence, RepeatedCreateUserReturnsWhatExists) {
  const Person superuser = services_.CreateSuperuser();
  user::v1::CreateUserRequest request;
  request.set_id(NewUuid());
  request.set_email(request.id() + "@example.org");
  request.set_password("correct horse battery");
  const auto create = [&] {
    return Call(services_.users(), &UserService::Stub::CreateUser, request,
                {.token = superuser.access_token});
  };
  const auto first = create();
  const auto second = create();
  ASSERT_TRUE(second.ok()) << Describe(second.status);
  EXPECT_EQ(first.value.SerializeAsString(), second.value.SerializeAsString());
  request.set_full_name("Somebody Else");
  EXPECT_EQ(create().reason(), "ID_TAKEN");
  request.set_id(NewUuid());
  EXPECT_EQ(create().reason(), "EMAIL_TAKEN");
}

}  // namespace
}  // namespace vibestack::e2e

// The main path through both services, from a sign-up to the result of a job.
#include <gmock/gmock.h>

#include <future>

#include "tests/support/database.h"
#include "tests/support/walk.h"

namespace vibestack::e2e {
namespace {

using testing::IsEmpty;

constexpr char kExact[] = R"({"n": 12345678901234567890.123456789, "text": "ö \" \n"})";

// Calls WaitJob on a new thread.
std::future<Result<job::v1::Job>> WaitFor(Services& services, const Person& person,
                                          const std::string& id) {
  return std::async(std::launch::async, [&services, &person, id] {
    job::v1::WaitJobRequest request;
    request.set_id(id);
    request.mutable_timeout()->set_seconds(20);
    return Call(services.jobs(), &JobService::Stub::WaitJob, request,
                {.token = person.access_token});
  });
}

TEST(Walk, WaitingCallerGetsTheResultThatTheWorkerStored) {
  Services services;
  const Person person = services.SignUp("Somebody.New@Example.ORG");
  EXPECT_EQ(person.id.size(), 36U);

  const job::v1::Job created = CreateJob(services, person, "summarise");
  EXPECT_EQ(created.status(), job::v1::Job::PENDING);
  EXPECT_EQ(created.user_id(), person.id);
  auto waiting = WaitFor(services, person, created.id());

  const job::v1::ClaimedJob claimed = ClaimJob(services, "summarise");
  EXPECT_EQ(claimed.job().id(), created.id());
  EXPECT_EQ(claimed.job().status(), job::v1::Job::PROCESSING);
  const auto completed = Complete(services, claimed, kExact);
  ASSERT_TRUE(completed.ok()) << Describe(completed.status);

  const auto waited = waiting.get();
  ASSERT_TRUE(waited.ok()) << Describe(waited.status);
  EXPECT_EQ(waited.value.status(), job::v1::Job::COMPLETED);
  EXPECT_EQ(waited.value.result_payload().struct_value().fields().at("text").string_value(),
            "ö \" \n");
  const auto exact = GetJob(services, person.access_token, created.id(), job::v1::EXACT);
  EXPECT_EQ(exact.value.result_json(), kExact);
  EXPECT_FALSE(exact.value.has_result_payload());
  const auto basic = GetJob(services, person.access_token, created.id(), job::v1::BASIC);
  EXPECT_FALSE(basic.value.has_result_payload());
  EXPECT_THAT(basic.value.result_json(), IsEmpty());
}

TEST(Walk, WaitingCallerIsAnsweredRightAfterTheWorker) {
  Services services;
  const Person person = services.SignUp();
  const job::v1::ClaimedJob claimed = CreateAndClaim(services, person);
  auto waiting = WaitFor(services, person, claimed.job().id());
  // The caller is still waiting when the worker completes the job.
  EXPECT_EQ(waiting.wait_for(std::chrono::milliseconds(200)), std::future_status::timeout);
  ASSERT_TRUE(Complete(services, claimed, "1").ok());
  EXPECT_EQ(waiting.wait_for(std::chrono::seconds(2)), std::future_status::ready);
  EXPECT_EQ(waiting.get().value.status(), job::v1::Job::COMPLETED);
}

TEST(Walk, AWaitingCallerReceivesTheErrorOfAFailedJob) {
  Services services;
  const Person person = services.SignUp();
  const job::v1::ClaimedJob claimed = CreateAndClaim(services, person);
  auto waiting = WaitFor(services, person, claimed.job().id());
  job::v1::FailJobRequest request;
  request.set_id(claimed.job().id());
  request.set_lease_token(claimed.lease_token());
  request.set_code("MODEL_OVERLOADED");
  request.set_message("try tomorrow");
  const auto failed = Call(services.jobs(), &JobService::Stub::FailJob, request,
                           {.token = services.service_token()});
  ASSERT_TRUE(failed.ok()) << Describe(failed.status);
  const auto waited = waiting.get();
  EXPECT_EQ(waited.value.status(), job::v1::Job::FAILED);
  const auto& error = waited.value.result_payload().struct_value().fields().at("error");
  EXPECT_EQ(error.struct_value().fields().at("code").string_value(), "MODEL_OVERLOADED");
  EXPECT_EQ(error.struct_value().fields().at("message").string_value(), "try tomorrow");
}

TEST(Walk, CancelledJobEndsTheLeaseAndTheWait) {
  Services services;
  const Person person = services.SignUp();
  const job::v1::ClaimedJob claimed = CreateAndClaim(services, person);
  auto waiting = WaitFor(services, person, claimed.job().id());
  job::v1::CancelJobRequest request;
  request.set_id(claimed.job().id());
  request.set_reason("changed my mind");
  const auto cancelled =
      Call(services.jobs(), &JobService::Stub::CancelJob, request, {.token = person.access_token});
  ASSERT_TRUE(cancelled.ok()) << Describe(cancelled.status);
  EXPECT_EQ(waiting.get().value.status(), job::v1::Job::FAILED);
  EXPECT_EQ(Complete(services, claimed, "1").code(), grpc::ABORTED);
  EXPECT_TRUE(
      Call(services.jobs(), &JobService::Stub::CancelJob, request, {.token = person.access_token})
          .ok());
}

TEST(Walk, JobOfAnotherUserIsDeniedLikeOneThatDoesNotExist) {
  Services services;
  const Person owner = services.SignUp();
  const Person other = services.SignUp();
  const job::v1::Job job = CreateJob(services, owner, "private");
  const auto existing = GetJob(services, other.access_token, job.id());
  const auto missing = GetJob(services, other.access_token, NewUuid());
  EXPECT_EQ(existing.code(), grpc::PERMISSION_DENIED);
  EXPECT_EQ(existing.reason(), "NOT_YOURS");
  EXPECT_EQ(Describe(existing.status), Describe(missing.status));
  EXPECT_EQ(GetJob(services, services.service_token(), NewUuid()).code(), grpc::NOT_FOUND);
}

}  // namespace
}  // namespace vibestack::e2e

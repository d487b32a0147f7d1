// Jobs with an input, which job_service posts and never stores.
#include <atomic>
#include <thread>

#include "tests/e2e/push/push_fixture.h"
#include "tests/support/database.h"

namespace vibestack::e2e {
namespace {

using job::v1::Job;

class PushInput : public PushTest {
 protected:
  Result<Job> CreateWith(const std::string& id, const std::string& input_json,
                         const std::string& workflow_id = "pushed",
                         absl::Duration timeout = absl::Seconds(20)) {
    job::v1::CreateJobRequest request;
    request.set_id(id);
    request.set_workflow_id(workflow_id);
    request.set_input_json(input_json);
    return Call(services_->jobs(), &JobService::Stub::CreateJob, request,
                {.token = person_.access_token, .timeout = timeout});
  }
};

TEST_F(PushInput, TheWorkflowGetsTheInputAsItIsAndTheCallAnswersAfterItTookIt) {
  Serve(HttpReceiver::AnswersOk());
  const auto job = CreateWith(NewUuid(), R"({"n": 9007199254740993})");
  ASSERT_TRUE(job.ok()) << Describe(job.status);
  EXPECT_EQ(job.value.status(), Job::PROCESSING);
  const Received request = receiver_->received().at(0);
  EXPECT_NE(request.body.find(R"("input":{"n": 9007199254740993})"), std::string::npos);
  EXPECT_TRUE(CallBack(job.value.id(), TokenOf(request), "1").ok());
  EXPECT_EQ(AwaitEnd(job.value.id()).result_json(), "1");
}

TEST_F(PushInput, AValueIsAnInputToo) {
  Serve([](const Received&) { return Reply{.body = "[1]"}; }, R"(, "completion": "RESPONSE")");
  job::v1::CreateJobRequest request;
  request.set_workflow_id("pushed");
  request.mutable_input()->set_string_value("text");
  const auto job = Call(services_->jobs(), &JobService::Stub::CreateJob, request,
                        {.token = person_.access_token});
  ASSERT_TRUE(job.ok()) << Describe(job.status);
  EXPECT_EQ(job.value.status(), Job::COMPLETED);
  EXPECT_EQ(job.value.result_payload().list_value().values_size(), 1);
  EXPECT_EQ(Member(receiver_->received().at(0).body, "input"), "text");
}

TEST_F(PushInput, IsForPushedWorkflowsAndSingleCalls) {
  Serve(HttpReceiver::AnswersOk());
  EXPECT_EQ(CreateWith(NewUuid(), "1", "pulled").code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(CreateWith(NewUuid(), "{").code(), grpc::INVALID_ARGUMENT);
  job::v1::BatchCreateJobsRequest batch;
  batch.add_requests()->set_workflow_id("pushed");
  batch.mutable_requests(0)->set_input_json("1");
  EXPECT_EQ(Call(services_->jobs(), &JobService::Stub::BatchCreateJobs, batch,
                 {.token = person_.access_token})
                .code(),
            grpc::INVALID_ARGUMENT);
  EXPECT_EQ(receiver_->count(), 0U);
}

TEST_F(PushInput, ARepeatedCallReturnsWhatExistsAndPostsNothing) {
  Serve(HttpReceiver::AnswersOk());
  const std::string id = NewUuid();
  ASSERT_TRUE(CreateWith(id, "1").ok());
  const auto again = CreateWith(id, "1");
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again.value.status(), Job::PROCESSING);
  EXPECT_EQ(receiver_->count(), 1U);
}

TEST_F(PushInput, AWorkflowThatDoesNotTakeItMakesTheCallUnavailableUntilItIsRepeated) {
  std::atomic<int> asked{0};
  Serve([&](const Received&) { return asked++ == 0 ? Reply{.status = 503} : Reply(); });
  const std::string id = NewUuid();
  const auto refused = CreateWith(id, "1");
  EXPECT_EQ(refused.code(), grpc::UNAVAILABLE);
  EXPECT_EQ(refused.reason(), "DISPATCH_FAILED");
  // No replica dispatches the job without its input.
  EXPECT_EQ(StatusOf(id), Job::PENDING);
  const auto taken = CreateWith(id, "1");
  ASSERT_TRUE(taken.ok()) << Describe(taken.status);
  EXPECT_EQ(taken.value.status(), Job::PROCESSING);
  for (const Received& request : receiver_->received()) {
    EXPECT_EQ(request.headers.at("idempotency-key"), id);
    EXPECT_NE(request.body.find(R"("input":1,)"), std::string::npos);
  }
  EXPECT_EQ(receiver_->count(), 2U);
}

TEST_F(PushInput, ARefusedInputIsAFailedJob) {
  Serve([](const Received&) { return Reply{.status = 422}; });
  const auto job = CreateWith(NewUuid(), "1");
  ASSERT_TRUE(job.ok());
  EXPECT_EQ(job.value.status(), Job::FAILED);
}

TEST_F(PushInput, ACallThatIsRepeatedWhileTheFirstIsUnderWayWaitsForItsOutcome) {
  Serve([&](const Received&) {
    released_.WaitForNotification();
    return Reply();
  });
  const std::string id = NewUuid();
  Result<Job> results[2];
  std::thread calls[2];
  for (int i = 0; i < 2; ++i) calls[i] = std::thread([&, i] { results[i] = CreateWith(id, "1"); });
  ASSERT_TRUE(AwaitPosts(1));
  EXPECT_EQ(CreateWith(id, "1", "pushed", absl::Seconds(1)).reason(), "DISPATCH_UNDER_WAY");
  released_.Notify();
  for (std::thread& call : calls) call.join();
  for (const auto& result : results) EXPECT_EQ(result.value.status(), Job::PROCESSING);
  EXPECT_EQ(receiver_->count(), 1U);
}

TEST_F(PushInput, AKilledReplicaLosesNothingThatWasAcknowledgedAndTheCallMayBeRepeated) {
  ServeFirstTooLate();
  const std::string id = NewUuid();
  std::thread call([&] {
    job::v1::CreateJobRequest request;
    request.set_id(id);
    request.set_workflow_id("pushed");
    request.set_input_json("1");
    const auto lost = Call(services_->jobs(), &JobService::Stub::CreateJob, request,
                           {.token = person_.access_token, .transport_may_fail = true});
    EXPECT_FALSE(lost.ok());
  });
  ASSERT_TRUE(AwaitPosts(1));
  services_->job().process().Kill();
  call.join();
  released_.Notify();
  services_->job().Start();
  services_->job().AwaitReady();
  const auto again = CreateWith(id, "1");
  ASSERT_TRUE(again.ok()) << Describe(again.status);
  EXPECT_EQ(again.value.status(), Job::PROCESSING);
  EXPECT_EQ(receiver_->count(), 2U);
}

TEST_F(PushInput, AnInputThatIsNeverBroughtAgainFailsTheJob) {
  Serve([](const Received&) { return Reply{.status = 500}; },
        R"(, "timeout": "0.1s", "dispatch_timeout": "0.1s")");
  const std::string id = NewUuid();
  EXPECT_EQ(CreateWith(id, "1").code(), grpc::UNAVAILABLE);
  const Job job = AwaitEnd(id);
  EXPECT_EQ(job.status(), Job::FAILED);
  EXPECT_EQ(ErrorOf(job), "DISPATCH_TIMEOUT");
  EXPECT_EQ(receiver_->count(), 1U);
}

}  // namespace
}  // namespace vibestack::e2e

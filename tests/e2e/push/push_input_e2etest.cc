// Jobs of pushed workflows with an input, which is stored with the job and posted from its row.
#include <atomic>

#include "tests/e2e/push/push_fixture.h"
#include "tests/support/database.h"

namespace vibestack::e2e {
namespace {

using job::v1::Job;

class PushInput : public PushTest {
 protected:
  Result<Job> CreateWith(const std::string& id, const std::string& input_json,
                         const std::string& workflow_id = "pushed") {
    job::v1::CreateJobRequest request;
    request.set_id(id);
    request.set_workflow_id(workflow_id);
    request.set_input_json(input_json);
    return Call(services_->jobs(), &JobService::Stub::CreateJob, request,
                {.token = person_.access_token});
  }
  // Whether every post of the job had this input.
  void ExpectPosted(const std::string& id, const std::string& input, size_t posts) {
    size_t found = 0;
    for (const Received& request : receiver_->received()) {
      if (Member(request.body, "job_id") != id) continue;
      ++found;
      EXPECT_NE(request.body.find("\"input\":" + input + ","), std::string::npos) << request.body;
    }
    EXPECT_EQ(found, posts);
  }
};

TEST_F(PushInput, TheCallAnswersAtOnceAndTheWorkflowGetsTheInputToTheLastDigit) {
  Serve([this](const Received&) {
    released_.WaitForNotification();
    return Reply();
  });
  const auto job = CreateWith(NewUuid(), R"({"n": 9007199254740993})");
  ASSERT_TRUE(job.ok()) << Describe(job.status);
  EXPECT_EQ(job.value.status(), Job::PENDING);
  ASSERT_TRUE(AwaitPosts(1));
  const auto read = GetJob(*services_, person_.access_token, job.value.id(), job::v1::EXACT);
  EXPECT_EQ(read.value.input_json(), R"({"n": 9007199254740993})");
  released_.Notify();
  ExpectPosted(job.value.id(), R"({"n": 9007199254740993})", 1);
  EXPECT_TRUE(CallBack(job.value.id(), TokenFor(job.value.id()), "1").ok());
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
  EXPECT_EQ(AwaitEnd(job.value.id()).result_json(), "[1]");
  EXPECT_EQ(Member(receiver_->received().at(0).body, "input"), "text");
}

TEST_F(PushInput, ABatchHasInputsOfItsOwn) {
  Serve([](const Received&) { return Reply{.body = "1"}; }, R"(, "completion": "RESPONSE")");
  job::v1::BatchCreateJobsRequest batch;
  for (int i = 0; i < 20; ++i) {
    batch.add_requests()->set_workflow_id("pushed");
    batch.mutable_requests(i)->set_input_json(std::to_string(i));
  }
  const auto made = Call(services_->jobs(), &JobService::Stub::BatchCreateJobs, batch,
                         {.token = person_.access_token});
  ASSERT_TRUE(made.ok()) << Describe(made.status);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(AwaitEnd(made.value.jobs(i).id()).status(), Job::COMPLETED);
    std::string body;
    for (const Received& request : receiver_->received()) {
      if (Member(request.body, "job_id") == made.value.jobs(i).id()) body = request.body;
    }
    EXPECT_NE(body.find("\"input\":" + std::to_string(i) + "}"), std::string::npos) << body;
  }
}

TEST_F(PushInput, ARepeatedCallReturnsWhatExistsAndPostsNothing) {
  Serve(HttpReceiver::AnswersOk());
  const std::string id = NewUuid();
  ASSERT_TRUE(CreateWith(id, "1").ok());
  ASSERT_TRUE(AwaitStatus(id, Job::PROCESSING));
  const auto again = CreateWith(id, "1.0");
  ASSERT_TRUE(again.ok()) << Describe(again.status);
  EXPECT_EQ(again.value.status(), Job::PROCESSING);
  EXPECT_EQ(CreateWith(id, "2").reason(), "ID_TAKEN");
  EXPECT_EQ(receiver_->count(), 1U);
}

TEST_F(PushInput, AWorkflowThatDoesNotTakeItGetsItAgain) {
  std::atomic<int> asked{0};
  Serve([&](const Received&) { return asked++ < 2 ? Reply{.status = 503} : Reply(); });
  const std::string id = NewUuid();
  ASSERT_TRUE(CreateWith(id, "1").ok());
  ASSERT_TRUE(AwaitStatus(id, Job::PROCESSING));
  ExpectPosted(id, "1", 3);
  for (const Received& request : receiver_->received()) {
    EXPECT_EQ(request.headers.at("idempotency-key"), KeyOf(id));
  }
}

TEST_F(PushInput, ARefusedInputFailsTheJobAndRetryJobPostsItAgain) {
  std::atomic<int> asked{0};
  Serve([&](const Received&) { return asked++ == 0 ? Reply{.status = 422} : Reply{.body = "7"}; },
        R"(, "completion": "RESPONSE")");
  const std::string id = NewUuid();
  ASSERT_TRUE(CreateWith(id, R"(["kept"])").ok());
  EXPECT_EQ(ErrorOf(AwaitEnd(id)), "DISPATCH_REFUSED");
  const auto retried = Retry(id);
  ASSERT_TRUE(retried.ok()) << Describe(retried.status);
  EXPECT_EQ(retried.value.attempt(), 2);
  EXPECT_EQ(AwaitEnd(id).result_json(), "7");
  const auto received = receiver_->received();
  ASSERT_EQ(received.size(), 2U);
  for (const Received& request : received) {
    EXPECT_NE(request.body.find(R"("input":["kept"])"), std::string::npos) << request.body;
  }
  EXPECT_EQ(received[1].headers.at("idempotency-key"), KeyOf(id, 2));
}

TEST_F(PushInput, AnyReplicaPostsItAfterAKill) {
  Serve(
      [this](const Received&) {
        if (asked_++ == 0) released_.WaitForNotification();
        return Reply();
      },
      R"(, "timeout": "1s")", 2);
  services_->job(1).process().Kill();
  const std::string id = NewUuid();
  ASSERT_TRUE(CreateWith(id, R"("durable")").ok());
  ASSERT_TRUE(AwaitPosts(1));
  // The replica that was asked never comes back.
  services_->job(1).Start();
  services_->job(1).AwaitReady();
  services_->job(0).process().Kill();
  ASSERT_TRUE(AwaitPosts(2));
  released_.Notify();
  ExpectPosted(id, R"("durable")", 2);
  services_->job(0).Start();
  services_->job(0).AwaitReady();
  EXPECT_TRUE(AwaitStatus(id, Job::PROCESSING));
}

TEST_F(PushInput, AJobThatNobodyTakesFailsAtTheDispatchTimeoutAndKeepsItsInput) {
  Serve([](const Received&) { return Reply{.status = 500}; },
        R"(, "timeout": "0.1s", "dispatch_timeout": "0.1s")");
  const std::string id = NewUuid();
  ASSERT_TRUE(CreateWith(id, "1").ok());
  const Job job = AwaitEnd(id);
  EXPECT_EQ(job.status(), Job::FAILED);
  EXPECT_EQ(ErrorOf(job), "DISPATCH_TIMEOUT");
  EXPECT_EQ(GetJob(*services_, person_.access_token, id, job::v1::EXACT).value.input_json(), "1");
  EXPECT_EQ(receiver_->count(), 1U);
}

}  // namespace
}  // namespace vibestack::e2e

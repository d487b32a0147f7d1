// Runs of pushed workflows that call back.
#include <openssl/hmac.h>

#include "absl/strings/escaping.h"
#include "tests/e2e/push/push_fixture.h"

namespace vibestack::e2e {
namespace {

using job::v1::Job;
using PushCallbacks = PushTest;

std::string Hmac(const std::string& key, const std::string& text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<char*>(digest), size));
}

TEST_F(PushCallbacks, AJobIsPostedSignedAndItsRunCompletesIt) {
  WriteFile(directory_.path() + "/secret", "0123456789abcdef\n");
  WriteFile(directory_.path() + "/key", "Bearer their-key\n");
  Serve(HttpReceiver::AnswersOk(),
        R"(, "signing_secret_file": ")" + directory_.path() + R"(/secret", "headers": [)" +
            R"({"name": "authorization", "value_file": ")" + directory_.path() + R"(/key"}])");
  const std::string id = Create();
  ASSERT_TRUE(AwaitStatus(id, Job::PROCESSING));
  ASSERT_EQ(receiver_->count(), 1U);
  const Received request = receiver_->received().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.headers.at("content-type"), "application/json");
  EXPECT_EQ(request.headers.at("idempotency-key"), KeyOf(id));
  EXPECT_EQ(request.headers.at("authorization"), "Bearer their-key");
  EXPECT_EQ(request.headers.at("x-vibestack-signature"),
            "v1=" + Hmac("0123456789abcdef",
                         request.headers.at("x-vibestack-timestamp") + "." + request.body));
  EXPECT_EQ(Member(request.body, "job_id"), id);
  EXPECT_EQ(Member(request.body, "user_id"), person_.id);
  EXPECT_EQ(Member(request.body, "workflow_id"), "pushed");
  EXPECT_EQ(Member(request.body, "callback_url"), "http://gateway.test/v1/jobs/" + id);
  EXPECT_NE(request.body.find(R"("attempt":1,"input":null,)"), std::string::npos);
  EXPECT_TRUE(CallBack(id, TokenOf(request), R"({"a": 1})").ok());
  const Job job = AwaitEnd(id);
  EXPECT_EQ(job.status(), Job::COMPLETED);
  EXPECT_EQ(job.result_json(), R"({"a": 1})");
  EXPECT_EQ(services_->Logs().find("their-key"), std::string::npos);
  EXPECT_EQ(services_->Logs().find(TokenOf(request)), std::string::npos);
}

TEST_F(PushCallbacks, IdenticalRepeatsAreOkAndOthersComeTooLate) {
  Serve(HttpReceiver::AnswersOk());
  const std::string id = Create();
  ASSERT_TRUE(AwaitPosts(1));
  const std::string token = TokenOf(receiver_->received().at(0));
  EXPECT_TRUE(CallBack(id, token, R"({"a": 1, "b": 2})").ok());
  EXPECT_TRUE(CallBack(id, token, R"({"b": 2, "a": 1})").ok());
  for (const auto& late : {CallBack(id, token, "2"), CallBackFailed(id, token, "LATE")}) {
    EXPECT_EQ(late.code(), grpc::FAILED_PRECONDITION);
    EXPECT_EQ(late.reason(), "JOB_TERMINAL");
  }
  EXPECT_EQ(AwaitEnd(id).result_json(), R"({"a": 1, "b": 2})");
}

TEST_F(PushCallbacks, ARunMayFailItsJob) {
  Serve(HttpReceiver::AnswersOk());
  const std::string id = Create();
  ASSERT_TRUE(AwaitPosts(1));
  const std::string token = TokenOf(receiver_->received().at(0));
  EXPECT_TRUE(CallBackFailed(id, token, "NO_CREDIT").ok());
  EXPECT_TRUE(CallBackFailed(id, token, "NO_CREDIT").ok());
  EXPECT_EQ(CallBack(id, token, "1").code(), grpc::FAILED_PRECONDITION);
  EXPECT_EQ(ErrorOf(AwaitEnd(id)), "NO_CREDIT");
}

TEST_F(PushCallbacks, ACallbackThatComesBeforeTheAnswerIsTheResult) {
  Serve([this](const Received& request) {
    EXPECT_TRUE(CallBack(Member(request.body, "job_id"), TokenOf(request), "\"first\"").ok());
    return Reply();
  });
  for (int i = 0; i < 10; ++i) {
    const std::string id = Create();
    EXPECT_EQ(AwaitEnd(id).result_json(), "\"first\"");
  }
  // The responses to the dispatches have overwritten nothing.
  const std::string last = Create();
  EXPECT_EQ(AwaitEnd(last).status(), Job::COMPLETED);
  EXPECT_EQ(receiver_->count(), 11U);
}

TEST_F(PushCallbacks, ATokenIsGoodForItsJobAndTheCallbacksOnly) {
  Serve(HttpReceiver::AnswersOk());
  const std::string id = Create();
  const std::string other = Create();
  ASSERT_TRUE(AwaitPosts(2));
  const std::string token = TokenFor(id);
  for (const auto& foreign : {CallBack(other, token, "1"), CallBack(NewUuid(), token, "1"),
                              CallBackFailed(other, token, "X")}) {
    EXPECT_EQ(foreign.code(), grpc::PERMISSION_DENIED);
    EXPECT_EQ(foreign.reason(), "OTHER_JOB");
  }
  EXPECT_EQ(GetJob(*services_, token, id).reason(), "ROLE_REQUIRED");
  job::v1::ClaimJobsRequest claim;
  claim.add_workflow_ids("pulled");
  EXPECT_EQ(Call(services_->jobs(), &JobService::Stub::ClaimJobs, claim, {.token = token}).reason(),
            "ROLE_REQUIRED");
  user::v1::GetUserRequest me;
  me.set_id("me");
  EXPECT_EQ(Call(services_->users(), &UserService::Stub::GetUser, me, {.token = token}).code(),
            grpc::UNAUTHENTICATED);
  EXPECT_EQ(CallBack(id, person_.access_token, "1").reason(), "ROLE_REQUIRED");
  EXPECT_EQ(CallBack(id, token + "x", "1").code(), grpc::UNAUTHENTICATED);
  EXPECT_TRUE(CallBack(id, token, "1").ok());
}

TEST_F(PushCallbacks, ProgressIsSeenAndIsForItsOwnJobOnly) {
  Serve(HttpReceiver::AnswersOk());
  const std::string id = Create();
  const std::string other = Create();
  ASSERT_TRUE(AwaitPosts(2));
  const std::string token = TokenFor(id);
  job::v1::ReportProgressRequest report;
  report.set_id(id);
  report.set_result_json(R"({"percent": 40})");
  const With with{.token = token};
  ASSERT_TRUE(Call(services_->jobs(), &JobService::Stub::ReportProgress, report, with).ok());
  const auto job = GetJob(*services_, person_.access_token, id, job::v1::EXACT);
  EXPECT_EQ(job.value.status(), Job::PROCESSING);
  EXPECT_EQ(job.value.result_json(), R"({"percent": 40})");
  report.set_id(other);
  EXPECT_EQ(Call(services_->jobs(), &JobService::Stub::ReportProgress, report, with).reason(),
            "OTHER_JOB");
}

TEST_F(PushCallbacks, AFailedJobIsPushedAgainAfterRetryJob) {
  Serve(HttpReceiver::AnswersOk(), R"(, "timeout": "1s")");
  const std::string id = Create();
  ASSERT_TRUE(AwaitPosts(1));
  ASSERT_TRUE(CallBackFailed(id, TokenOf(receiver_->received().at(0)), "X").ok());
  ASSERT_TRUE(Retry(id).ok());
  ASSERT_TRUE(AwaitPosts(2));
  EXPECT_EQ(receiver_->received().at(1).headers.at("idempotency-key"), KeyOf(id, 2));
  EXPECT_TRUE(CallBack(id, TokenOf(receiver_->received().at(1)), "1").ok());
  EXPECT_EQ(AwaitEnd(id).status(), Job::COMPLETED);
}

TEST_F(PushCallbacks, CallbacksNeedNoUserService) {
  Serve(HttpReceiver::AnswersOk());
  const std::string id = Create();
  ASSERT_TRUE(AwaitPosts(1));
  services_->user().process().Kill();
  EXPECT_TRUE(CallBack(id, TokenOf(receiver_->received().at(0)), "1").ok());
}

TEST_F(PushCallbacks, ACallbackNeverTouchesAJobMadeAnewUnderTheSameId) {
  Serve(HttpReceiver::AnswersOk());
  const With with{.token = person_.access_token};
  job::v1::CreateJobRequest create;
  create.set_workflow_id("pushed");
  const auto first = Call(services_->jobs(), &JobService::Stub::CreateJob, create, with);
  ASSERT_TRUE(first.ok()) << Describe(first.status);
  const std::string id = first.value.id();
  ASSERT_TRUE(AwaitStatus(id, Job::PROCESSING));
  const std::string old_token = TokenOf(receiver_->received().at(0));
  job::v1::CancelJobRequest cancel;
  cancel.set_id(id);
  ASSERT_TRUE(Call(services_->jobs(), &JobService::Stub::CancelJob, cancel, with).ok());
  job::v1::DeleteJobRequest remove;
  remove.set_id(id);
  ASSERT_TRUE(Call(services_->jobs(), &JobService::Stub::DeleteJob, remove, with).ok());
  create.set_id(id);
  ASSERT_TRUE(Call(services_->jobs(), &JobService::Stub::CreateJob, create, with).ok());
  ASSERT_TRUE(AwaitPosts(2));
  ASSERT_TRUE(AwaitStatus(id, Job::PROCESSING));
  EXPECT_EQ(CallBack(id, old_token, "\"old\"").reason(), "JOB_NOT_FOUND");
  EXPECT_EQ(CallBackFailed(id, old_token, "OLD").reason(), "JOB_NOT_FOUND");
  job::v1::ReportProgressRequest progress;
  progress.set_id(id);
  progress.set_result_json("\"old\"");
  EXPECT_EQ(
      Call(services_->jobs(), &JobService::Stub::ReportProgress, progress, {.token = old_token})
          .reason(),
      "JOB_NOT_FOUND");
  EXPECT_TRUE(CallBack(id, TokenOf(receiver_->received().at(1)), "\"new\"").ok());
  EXPECT_EQ(AwaitEnd(id).result_json(), "\"new\"");
}

TEST_F(PushCallbacks, ACancelIsPostedToTheRunWhoseCallbackComesTooLate) {
  HttpReceiver cancelled;
  Serve(HttpReceiver::AnswersOk(), R"(, "cancel_url": ")" + cancelled.url() + "\"");
  const std::string id = Create();
  ASSERT_TRUE(AwaitPosts(1));
  job::v1::CancelJobRequest cancel;
  cancel.set_id(id);
  cancel.set_reason("changed my mind");
  ASSERT_TRUE(
      Call(services_->jobs(), &JobService::Stub::CancelJob, cancel, {.token = person_.access_token})
          .ok());
  ASSERT_TRUE(Eventually(absl::Seconds(10), [&] { return cancelled.count() == 1; }));
  const Received posted = cancelled.received().at(0);
  EXPECT_EQ(Member(posted.body, "job_id"), id);
  EXPECT_EQ(Member(posted.body, "reason"), "changed my mind");
  EXPECT_EQ(CallBack(id, TokenOf(receiver_->received().at(0)), "1").reason(), "JOB_TERMINAL");
  EXPECT_EQ(ErrorOf(AwaitEnd(id)), "CANCELLED");
  // A client that lost the response repeats CancelJob, which notifies the cancel URL again.
  ASSERT_TRUE(
      Call(services_->jobs(), &JobService::Stub::CancelJob, cancel, {.token = person_.access_token})
          .ok());
  ASSERT_TRUE(Eventually(absl::Seconds(10), [&] { return cancelled.count() == 2; }));
  EXPECT_EQ(cancelled.received().at(1).headers.at("idempotency-key"),
            posted.headers.at("idempotency-key"));
}

}  // namespace
}  // namespace vibestack::e2e

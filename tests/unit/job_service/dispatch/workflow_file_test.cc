#include "job_service/dispatch/workflow_file.h"

#include <gmock/gmock.h>

#include <cstdlib>

namespace vibestack::job_service {
namespace {

using testing::HasSubstr;

constexpr absl::Duration kLease = absl::Seconds(60);

std::string Pushed(const std::string& push) {
  return R"({"workflows": [{"id": "a", "push": {"url": "https://x.example/a")" + push + "}}]}";
}

std::string FaultOf(const std::string& json, bool callbacks = true) {
  return std::string(ParseWorkflows(json, callbacks, kLease).status().message());
}

TEST(WorkflowFileTest, APushHasSensibleDefaults) {
  const auto workflows = ParseWorkflows(Pushed(""), true, kLease);
  ASSERT_TRUE(workflows.ok()) << workflows.status();
  const Push* push = workflows->FindPush("a");
  ASSERT_NE(push, nullptr);
  EXPECT_EQ(push->completion, Push::Completion::kCallback);
  EXPECT_EQ(push->timeout, absl::Seconds(10));
  EXPECT_EQ(push->dispatch_timeout, absl::Hours(1));
  EXPECT_EQ(push->processing_timeout, absl::Hours(1));
  EXPECT_EQ(push->max_concurrent, 16);
  EXPECT_TRUE(push->signing_secret.empty());
  EXPECT_EQ(workflows->FindPush("b"), nullptr);
  for (const char* id : {"a", "b"}) {
    EXPECT_EQ(workflows->MaxAttempts(id), 25);
    EXPECT_EQ(workflows->MaxProcessing(id), 0);
    EXPECT_FALSE(workflows->IsPaused(id));
  }
}

TEST(WorkflowFileTest, AttemptsAndPausesAreOfPulledAndPushedWorkflows) {
  const auto workflows = ParseWorkflows(
      R"({"workflows": [{"id": "a", "max_attempts": 3, "max_processing": 4},
          {"id": "b", "max_attempts": 1000, "pause": true, "push": {"url": "https://x.example/"}},
          {"id": "c", "max_attempts": 1, "max_processing": 100000, "pause": false}]})",
      true, kLease);
  ASSERT_TRUE(workflows.ok()) << workflows.status();
  EXPECT_EQ(workflows->MaxAttempts("a"), 3);
  EXPECT_EQ(workflows->MaxProcessing("a"), 4);
  EXPECT_FALSE(workflows->IsPaused("a"));
  EXPECT_EQ(workflows->MaxAttempts("b"), 1'000);
  EXPECT_TRUE(workflows->IsPaused("b"));
  EXPECT_EQ(workflows->MaxAttempts("c"), 1);
  EXPECT_EQ(workflows->MaxProcessing("c"), 100'000);
  EXPECT_FALSE(workflows->IsPaused("c"));
  EXPECT_EQ(workflows->MaxAttempts("other"), kDefaultMaxAttempts);
}

TEST(WorkflowFileTest, EverythingThatIsSaidIsRead) {
  setenv("WORKFLOW_FILE_TEST", "from the environment", 1);
  const auto workflows = ParseWorkflows(
      R"({"workflows": [{"id": "slow", "lease_duration": "600s"}, {"id": "b", "push": {
          "url": "http://127.0.0.1:1/", "completion": "RESPONSE", "timeout": "0.5s",
          "dispatch_timeout": "60s", "processing_timeout": "120s", "max_concurrent": 3,
          "cancel_url": "http://127.0.0.1:1/c", "headers": [{"name": "x-a", "value": "1"},
          {"name": "x-b", "value_env": "WORKFLOW_FILE_TEST"}]}}]})",
      false, kLease);
  ASSERT_TRUE(workflows.ok()) << workflows.status();
  EXPECT_EQ(workflows->LeaseDuration("slow"), absl::Minutes(10));
  EXPECT_EQ(workflows->LeaseDuration("b"), kLease);
  EXPECT_EQ(workflows->LeaseDuration("unknown"), kLease);
  EXPECT_EQ(workflows->FindPush("slow"), nullptr);
  const Push* push = workflows->FindPush("b");
  ASSERT_NE(push, nullptr);
  EXPECT_EQ(push->completion, Push::Completion::kResponse);
  EXPECT_EQ(push->timeout, absl::Milliseconds(500));
  EXPECT_EQ(push->processing_timeout, absl::Minutes(2));
  EXPECT_EQ(push->max_concurrent, 3);
  EXPECT_EQ(push->cancel_url, "http://127.0.0.1:1/c");
  EXPECT_EQ(push->headers.at(1).value.Reveal(), "from the environment");
}

TEST(WorkflowFileTest, WhatIsWrongIsNamed) {
  const std::pair<std::string, std::string> faults[] = {
      {R"({"workflows": [{"id": "a", "pusch": {}}]})", "pusch"},
      {R"({"workflows": [{"id": ""}]})", "workflows[0].id"},
      {R"({"workflows": [{"id": "a"}, {"id": "a"}]})", "workflows[1].id"},
      {R"({"workflows": [{"id": ")" + std::string(101, 'a') + "\"}]}", "workflows[0].id"},
      {R"({"workflows": [{"id": "a", "lease_duration": "0s"}]})", "workflows[0].lease_duration"},
      {R"({"workflows": [{"id": "a", "lease_duration": "1s", "push": {"url": "http://a/"}}]})",
       "workflows[0].lease_duration"},
      {R"({"workflows": [{"id": "a", "push": {}}]})", "workflows[0].push.url"},
      {R"({"workflows": [{"id": "a", "max_attempts": -1}]})", "workflows[0].max_attempts"},
      {R"({"workflows": [{"id": "a", "max_attempts": 1001}]})", "workflows[0].max_attempts"},
      {R"({"workflows": [{"id": "a", "max_processing": -1}]})", "workflows[0].max_processing"},
      {R"({"workflows": [{"id": "a", "max_processing": 100001}]})", "workflows[0].max_processing"},
      {R"({"workflows": [{"id": "a", "push": {"url": "http://u:p@a/"}}]})",
       "workflows[0].push.url"},
      {Pushed(R"(, "timeout": "0s")"), "push.timeout"},
      {Pushed(R"(, "timeout": "3601s")"), "push.timeout"},
      {Pushed(R"(, "dispatch_timeout": "-1s")"), "push.dispatch_timeout"},
      {Pushed(R"(, "processing_timeout": "100000000s")"), "push.processing_timeout"},
      {Pushed(R"(, "max_concurrent": -1)"), "push.max_concurrent"},
      {Pushed(R"(, "max_concurrent": 1001)"), "push.max_concurrent"},
      {Pushed(R"(, "completion": "MAYBE")"), "MAYBE"},
      {Pushed(R"(, "cancel_url": "a")"), "push.cancel_url"},
      {Pushed(R"(, "headers": [{"name": "x"}])"), "push.headers[0]"},
      {Pushed(R"(, "headers": [{"value": "x"}])"), "push.headers[0].name"},
      {Pushed(R"(, "headers": [{"name": "a b", "value": "x"}])"), "push.headers"},
      {Pushed(R"(, "headers": [{"name": "a", "value": "x\r\ny: z"}])"), "push.headers"},
      {Pushed(R"(, "headers": [{"name": "Content-Type", "value": "x"}])"), "push.headers[0].name"},
      {Pushed(R"(, "headers": [{"name": "a", "value_file": "/no/such"}])"), "push.headers[0]"},
      {Pushed(R"(, "headers": [{"name": "a", "value_env": "NO_SUCH_THING"}])"), "push.headers[0]"},
      {Pushed(R"(, "signing_secret_file": "/no/such")"), "push.signing_secret_file"}};
  for (const auto& [json, where] : faults) EXPECT_THAT(FaultOf(json), HasSubstr(where)) << json;
}

TEST(WorkflowFileTest, CallbacksNeedAPlaceToCall) {
  EXPECT_THAT(FaultOf(Pushed(""), false), HasSubstr("--callback_base_url"));
  EXPECT_EQ(FaultOf(Pushed(R"(, "completion": "RESPONSE")"), false), "");
}

TEST(WorkflowFileTest, AFaultQuotesNoSecret) {
  const std::string fault =
      FaultOf(Pushed(R"(, "headers": [{"name": "a", "value": "hush\nhush"}])"));
  EXPECT_THAT(fault, testing::Not(HasSubstr("hush")));
  EXPECT_FALSE(fault.empty());
}

}  // namespace
}  // namespace vibestack::job_service

#include <gmock/gmock.h>

#include "job_service/dispatch/request.h"

namespace vibestack::job_service {
namespace {

Job MakeJob() {
  Job job;
  job.id = "11111111-1111-4111-8111-111111111111";
  job.user_id = "22222222-2222-4222-8222-222222222222";
  job.workflow_id = "sum\"mary";
  return job;
}

Push MakePush() {
  Push push;
  push.url = "https://flows.example/webhook/a";
  push.cancel_url = "https://flows.example/webhook/stop";
  push.headers = {{"x-api-key", Secret("k")}};
  return push;
}

TEST(DispatchRequestTest, TheBodyContainsTheJobItsInputAndTheCallback) {
  const Callback callback{"https://api.example/v1/jobs/1", Secret("t")};
  Job job = MakeJob();
  job.input = "{\"n\": 1e2}";
  job.failed_attempts = 2;
  const http::Delivery delivery = JobDelivery(MakePush(), job, callback);
  EXPECT_EQ(delivery.url, "https://flows.example/webhook/a");
  EXPECT_EQ(delivery.idempotency_key, job.id + "-3");
  EXPECT_EQ(delivery.body,
            R"({"job_id":"11111111-1111-4111-8111-111111111111",)"
            R"("user_id":"22222222-2222-4222-8222-222222222222","workflow_id":"sum\"mary",)"
            R"("attempt":3,"input":{"n": 1e2},"callback_url":"https://api.example/v1/jobs/1",)"
            R"("callback_token":"t"})");
}

TEST(DispatchRequestTest, WhatThereIsNotIsNullOrLeftOut) {
  Job job = MakeJob();
  job.user_id.clear();
  const std::string body = JobDelivery(MakePush(), job, std::nullopt).body;
  EXPECT_THAT(body, testing::HasSubstr(R"("user_id":null)"));
  EXPECT_THAT(body, testing::HasSubstr(R"("attempt":1,"input":null)"));
  EXPECT_THAT(body, testing::Not(testing::HasSubstr("callback")));
}

TEST(DispatchRequestTest, ADeliveryHasTheWorkflowsHeadersAndSigningSecret) {
  Push push = MakePush();
  push.signing_secret = Secret("0123456789abcdef");
  for (const http::Delivery& delivery :
       {JobDelivery(push, MakeJob(), std::nullopt), CancelDelivery(push, MakeJob(), "why")}) {
    ASSERT_EQ(delivery.headers.size(), 1U);
    EXPECT_EQ(delivery.headers[0].name, "x-api-key");
    EXPECT_EQ(delivery.headers[0].value, "k");
    EXPECT_EQ(delivery.signing_secret, push.signing_secret);
  }
}

TEST(DispatchRequestTest, ACancellationHasAKeyOfItsOwn) {
  const http::Delivery delivery = CancelDelivery(MakePush(), MakeJob(), "why");
  EXPECT_EQ(delivery.url, "https://flows.example/webhook/stop");
  EXPECT_EQ(delivery.idempotency_key, "cancel-" + MakeJob().id);
  EXPECT_THAT(delivery.body, testing::HasSubstr(R"("reason":"why")"));
}

}  // namespace
}  // namespace vibestack::job_service

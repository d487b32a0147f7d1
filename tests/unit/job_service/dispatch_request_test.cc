#include <gmock/gmock.h>

#include "job_service/dispatch/request.h"

namespace vibestack::job_service {
namespace {

constexpr absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

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

TEST(DispatchRequestTest, TheBodyHoldsTheJobItsInputAndTheCallback) {
  const Callback callback{"https://api.example/v1/jobs/1", Secret("t")};
  const http::Request request =
      DispatchRequest(MakePush(), MakeJob(), "{\"n\": 1e2}", callback, kNow);
  EXPECT_EQ(request.url, "https://flows.example/webhook/a");
  EXPECT_EQ(request.body,
            R"({"job_id":"11111111-1111-4111-8111-111111111111",)"
            R"("user_id":"22222222-2222-4222-8222-222222222222","workflow_id":"sum\"mary",)"
            R"("input":{"n": 1e2},"callback_url":"https://api.example/v1/jobs/1",)"
            R"("callback_token":"t"})");
}

TEST(DispatchRequestTest, WhatThereIsNotIsNullOrLeftOut) {
  Job job = MakeJob();
  job.user_id.clear();
  const std::string body = DispatchRequest(MakePush(), job, "", std::nullopt, kNow).body;
  EXPECT_THAT(body, testing::HasSubstr(R"("user_id":null)"));
  EXPECT_THAT(body, testing::HasSubstr(R"("input":null)"));
  EXPECT_THAT(body, testing::Not(testing::HasSubstr("callback")));
}

TEST(DispatchRequestTest, RequestsAreSignedOnlyWithASecret) {
  Push push = MakePush();
  const auto names = [&] {
    std::vector<std::string> found;
    for (const http::Header& header :
         DispatchRequest(push, MakeJob(), "", std::nullopt, kNow).headers) {
      found.push_back(header.name);
    }
    return found;
  };
  EXPECT_THAT(names(), testing::ElementsAre("content-type", "idempotency-key", "x-api-key"));
  push.signing_secret = Secret("0123456789abcdef");
  EXPECT_THAT(names(), testing::ElementsAre("content-type", "idempotency-key", "x-api-key",
                                            "x-vibestack-timestamp", "x-vibestack-signature"));
}

TEST(DispatchRequestTest, ACancellationHasAKeyOfItsOwn) {
  const http::Request request = CancelRequest(MakePush(), MakeJob(), "why", kNow);
  EXPECT_EQ(request.url, "https://flows.example/webhook/stop");
  EXPECT_EQ(request.headers.at(1).value, "cancel-" + MakeJob().id);
  EXPECT_THAT(request.body, testing::HasSubstr(R"("reason":"why")"));
}

}  // namespace
}  // namespace vibestack::job_service

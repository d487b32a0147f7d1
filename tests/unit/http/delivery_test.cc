#include "common/http/delivery.h"

#include <gmock/gmock.h>
#include <grpc/grpc.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "common/async/sync_wait.h"
#include "common/http/signature.h"
#include "tests/support/http_receiver.h"
#include "tests/support/processes.h"

namespace vibestack::http {
namespace {

using e2e::HttpReceiver;
using Outcome = DeliveryResult::Outcome;
using testing::ElementsAre;

constexpr absl::Duration kLimit = absl::Seconds(20);
constexpr absl::Time kNow = absl::FromUnixSeconds(1'750'000'000);

Delivery MakeTestDelivery(const std::string& url) {
  return {.url = url,
          .body = R"({"a":1})",
          .idempotency_key = "key-1",
          .headers = {{"x-api-key", "k"}},
          .signing_secret = Secret("0123456789abcdef")};
}

std::vector<std::string> HeaderNames(const Request& request) {
  std::vector<std::string> names;
  for (const Header& header : request.headers) names.push_back(header.name);
  return names;
}

TEST(MakeRequestTest, ARequestIsSignedOnlyWithASecret) {
  Delivery delivery = MakeTestDelivery("http://localhost/");
  const Request request = MakeRequest(delivery, kNow);
  EXPECT_THAT(HeaderNames(request), ElementsAre("content-type", "idempotency-key", "x-api-key",
                                                kTimestampHeader, kSignatureHeader));
  EXPECT_EQ(request.headers[0].value, "application/json");
  EXPECT_EQ(request.headers[1].value, "key-1");
  const auto signature = SignatureHeaders(delivery.signing_secret, kNow, delivery.body);
  EXPECT_EQ(request.headers[4].value, signature[1].value);
  EXPECT_EQ(request.body, delivery.body);
  delivery.signing_secret = Secret();
  EXPECT_THAT(HeaderNames(MakeRequest(delivery, kNow)),
              ElementsAre("content-type", "idempotency-key", "x-api-key"));
}

class DeliveryClientTest : public testing::Test {
 protected:
  // See rpc::Alarm.
  static void SetUpTestSuite() { grpc_init(); }
  static void TearDownTestSuite() { grpc_shutdown(); }

  static DeliveryClient::Limits ShortWaits() {
    return {.retry = {.first_delay = absl::Milliseconds(1),
                      .max_delay = absl::Milliseconds(5),
                      .max_retry_after = absl::Milliseconds(5)}};
  }
  DeliveryResult Deliver(const std::string& url, DeliveryClient::Limits limits) {
    return SyncWait(deliveries_.Deliver(MakeTestDelivery(url), std::move(limits)));
  }

  FakeClock clock_{kNow};
  Client client_{{}};
  DeliveryClient deliveries_{client_, clock_};
};

TEST_F(DeliveryClientTest, AReceiverThatAnswers404WhileItStartsGetsTheDelivery) {
  std::atomic<int> asked = 0;
  HttpReceiver receiver([&asked](const HttpReceiver::Received&) {
    return HttpReceiver::Reply{.status = ++asked <= 2 ? 404 : 200};
  });
  int retries = 0;
  DeliveryClient::Limits limits = ShortWaits();
  limits.on_retry = [&retries] { ++retries; };
  const DeliveryResult result = Deliver(receiver.url(), std::move(limits));
  EXPECT_EQ(result.outcome, Outcome::kDelivered);
  EXPECT_EQ(result.attempts, 3);
  EXPECT_EQ(result.http_status, 200);
  EXPECT_EQ(retries, 2);
  for (const auto& request : receiver.received()) {
    EXPECT_EQ(request.headers.at("idempotency-key"), "key-1");
  }
}

TEST_F(DeliveryClientTest, ARefusalIsFinal) {
  HttpReceiver receiver(
      [](const HttpReceiver::Received&) { return HttpReceiver::Reply{.status = 410}; });
  const DeliveryResult result = Deliver(receiver.url(), ShortWaits());
  EXPECT_EQ(result.outcome, Outcome::kRefused);
  EXPECT_EQ(result.http_status, 410);
  EXPECT_EQ(receiver.count(), 1U);
}

TEST_F(DeliveryClientTest, AttemptsAreBoundedInNumberAndTime) {
  HttpReceiver receiver([this](const HttpReceiver::Received&) {
    clock_.Advance(absl::Seconds(1));
    return HttpReceiver::Reply{.hang_up = true};
  });
  DeliveryClient::Limits few = ShortWaits();
  few.retry.max_attempts = 3;
  const DeliveryResult counted = Deliver(receiver.url(), std::move(few));
  EXPECT_EQ(counted.outcome, Outcome::kGivenUp);
  EXPECT_EQ(counted.attempts, 3);
  EXPECT_EQ(counted.reason, "HTTP_UNREACHABLE");
  DeliveryClient::Limits brief = ShortWaits();
  brief.give_up_at = clock_.Now() + absl::Seconds(2);
  EXPECT_EQ(Deliver(receiver.url(), std::move(brief)).attempts, 2);
}

TEST_F(DeliveryClientTest, BeginStopCutsTheWaitForTheNextAttemptShort) {
  std::atomic<int> asked = 0;
  HttpReceiver receiver([&asked](const HttpReceiver::Received&) {
    return HttpReceiver::Reply{.status = ++asked == 1 ? 503 : 200};
  });
  DeliveryClient::Limits limits;
  limits.retry = {.first_delay = absl::Minutes(2), .max_delay = absl::Minutes(2)};
  auto result = std::async(std::launch::async, [&] { return Deliver(receiver.url(), limits); });
  ASSERT_TRUE(Eventually(kLimit, [&] { return receiver.count() == 1; }));
  deliveries_.BeginStop(absl::Now() + kLimit);
  EXPECT_EQ(result.get().outcome, Outcome::kDelivered);
}

TEST_F(DeliveryClientTest, NoAttemptIsMadeAfterTheStop) {
  HttpReceiver receiver(
      [](const HttpReceiver::Received&) { return HttpReceiver::Reply{.status = 503}; });
  deliveries_.BeginStop(absl::InfinitePast());
  EXPECT_EQ(Deliver(receiver.url(), ShortWaits()).outcome, Outcome::kDropped);
  EXPECT_EQ(receiver.count(), 1U);
  client_.Stop();
  EXPECT_EQ(Deliver(receiver.url(), ShortWaits()).outcome, Outcome::kDropped);
  EXPECT_EQ(receiver.count(), 1U);
}

}  // namespace
}  // namespace vibestack::http

#include "user_service/mail/deliveries.h"

#include <gmock/gmock.h>
#include <grpc/grpc.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/http/signature.h"
#include "tests/support/http_receiver.h"
#include "tests/support/processes.h"

namespace vibestack::user_service {
namespace {

using e2e::HttpReceiver;
using testing::HasSubstr;
using testing::Not;

constexpr absl::Duration kLimit = absl::Seconds(20);

Notice MakeNotice() {
  return {.event = Notice::Event::kPasswordReset,
          .email = "ann@example.com",
          .user_id = "0b9f3d0e-4f0e-4b62-9c3b-2d1f5a6b7c8d",
          .token = Secret("the.secret.token")};
}

class DeliveriesTest : public testing::Test {
 protected:
  // rpc::Alarm needs this.
  static void SetUpTestSuite() { grpc_init(); }
  static void TearDownTestSuite() { grpc_shutdown(); }

  // Options with short backoffs, so that the test is quick.
  Deliveries::Options OptionsFor(const std::string& url) {
    return {.url = url,
            .secret = Secret("a secret of this test"),
            .retry = {.first_delay = absl::Milliseconds(1),
                      .max_delay = absl::Milliseconds(5),
                      .max_retry_after = absl::Milliseconds(5)},
            .give_up_after = absl::Minutes(5)};
  }
  void StartWith(Deliveries::Options options) {
    deliveries_ = std::make_unique<Deliveries>(client_, metrics_, clock_, std::move(options));
  }
  void Put(Notice notice = MakeNotice()) {
    absl::StatusOr<MailQueue::Slot> slot = deliveries_->Reserve();
    ASSERT_TRUE(slot.ok()) << slot.status();
    deliveries_->Put(*std::move(slot), std::move(notice));
  }
  double Ended(const std::string& outcome) {
    return metrics_.Counter("vibestack_webhook_deliveries_total", "", {{"outcome", outcome}})
        .Value();
  }
  bool Ends(const std::string& outcome) {
    return Eventually(kLimit, [&] { return Ended(outcome) == 1; });
  }

  Metrics metrics_;
  FakeClock clock_{absl::FromUnixSeconds(1'750'000'000)};
  http::Client client_{{}};
  std::unique_ptr<Deliveries> deliveries_;
};

TEST_F(DeliveriesTest, NoticeArrivesSignedAsJsonUnderItsOwnKey) {
  HttpReceiver receiver;
  StartWith(OptionsFor(receiver.url()));
  Put();
  ASSERT_TRUE(Ends("delivered"));
  const auto received = receiver.received();
  ASSERT_EQ(received.size(), 1U);
  EXPECT_THAT(received[0].body, HasSubstr(R"("token":"the.secret.token")"));
  const auto headers = received[0].headers;
  EXPECT_EQ(headers.at("content-type"), "application/json");
  EXPECT_THAT(received[0].body, HasSubstr(R"({"id":")" + headers.at("idempotency-key") + "\""));
  const auto expected =
      http::SignatureHeaders(Secret("a secret of this test"), clock_.Now(), received[0].body);
  EXPECT_EQ(headers.at(http::kTimestampHeader), expected[0].value);
  EXPECT_EQ(headers.at(http::kSignatureHeader), expected[1].value);
}

TEST_F(DeliveriesTest, FailedTriesAreRepeatedUnderTheSameKeyUntilOneIsTaken) {
  std::atomic<int> tries = 0;
  HttpReceiver receiver([&tries](const HttpReceiver::Received&) {
    const int number = ++tries;
    if (number == 1) return HttpReceiver::Reply{.hang_up = true};
    if (number < 5) return HttpReceiver::Reply{.status = 503, .headers = {{"Retry-After", "9999"}}};
    return HttpReceiver::Reply{.status = 204};
  });
  StartWith(OptionsFor(receiver.url()));
  Put();
  ASSERT_TRUE(Ends("delivered"));
  const auto received = receiver.received();
  ASSERT_EQ(received.size(), 5U);
  for (const auto& request : received) {
    EXPECT_EQ(request.headers.at("idempotency-key"), received[0].headers.at("idempotency-key"));
    EXPECT_EQ(request.body, received[0].body);
  }
  EXPECT_EQ(metrics_.Counter("vibestack_webhook_retries_total", "").Value(), 4);
}

TEST_F(DeliveriesTest, RefusalIsFinal) {
  HttpReceiver receiver(
      [](const HttpReceiver::Received&) { return HttpReceiver::Reply{.status = 401}; });
  StartWith(OptionsFor(receiver.url()));
  Put();
  ASSERT_TRUE(Ends("refused"));
  EXPECT_EQ(receiver.count(), 1U);
}

TEST_F(DeliveriesTest, ADeliveryGivenUpLogsOneLineWithoutSecrets) {
  std::atomic<int> tries = 0;
  HttpReceiver receiver([&](const HttpReceiver::Received&) {
    if (++tries == 3) clock_.Advance(absl::Minutes(5));
    return HttpReceiver::Reply{.status = 500};
  });
  testing::internal::CaptureStderr();
  StartWith(OptionsFor(receiver.url()));
  Put();
  const bool given_up = Ends("given_up");
  deliveries_->Stop(absl::Now() + kLimit);
  const std::string log = testing::internal::GetCapturedStderr();
  ASSERT_TRUE(given_up);
  EXPECT_EQ(receiver.count(), 3U);
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
  EXPECT_THAT(log, HasSubstr(R"("outcome":"given_up")"));
  EXPECT_THAT(log, HasSubstr(R"("attempts":3,"http_status":500)"));
  EXPECT_THAT(log, Not(HasSubstr("secret")));
  EXPECT_THAT(log, Not(HasSubstr("example.com")));
}

TEST_F(DeliveriesTest, TokenThatHasExpiredIsNotSentAgain) {
  std::atomic<int> tries = 0;
  HttpReceiver receiver([&](const HttpReceiver::Received&) {
    if (++tries == 2) clock_.Advance(absl::Minutes(1));
    return HttpReceiver::Reply{.status = 500};
  });
  StartWith(OptionsFor(receiver.url()));
  Notice notice = MakeNotice();
  notice.expires_at = clock_.Now() + absl::Minutes(1);
  Put(std::move(notice));
  ASSERT_TRUE(Ends("given_up"));
  EXPECT_EQ(receiver.count(), 2U);
}

TEST_F(DeliveriesTest, FullQueueRefusesUntilASlotIsFree) {
  HttpReceiver receiver;
  Deliveries::Options options = OptionsFor(receiver.url());
  options.max_pending = 2;
  StartWith(std::move(options));
  {
    const auto first = deliveries_->Reserve();
    const auto second = deliveries_->Reserve();
    ASSERT_TRUE(first.ok() && second.ok());
    const absl::Status refusal = deliveries_->Reserve().status();
    EXPECT_EQ(refusal.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(ErrorReason(refusal), "WEBHOOK_BUSY");
    EXPECT_LT(RetryDelay(refusal), absl::Minutes(1));
  }
  EXPECT_TRUE(deliveries_->Reserve().ok());
}

TEST_F(DeliveriesTest, StopTriesAtOnceWhatWaitsForItsNextTry) {
  std::atomic<int> tries = 0;
  HttpReceiver receiver([&tries](const HttpReceiver::Received&) {
    return HttpReceiver::Reply{.status = ++tries == 1 ? 503 : 200};
  });
  Deliveries::Options options = OptionsFor(receiver.url());
  options.retry.first_delay = absl::Minutes(2);
  options.retry.max_delay = absl::Minutes(2);
  StartWith(std::move(options));
  Put();
  ASSERT_TRUE(Eventually(kLimit, [&] { return receiver.count() == 1; }));
  const absl::Time began = absl::Now();
  deliveries_->Stop(began + kLimit);
  EXPECT_LT(absl::Now() - began, kLimit / 2);
  EXPECT_EQ(Ended("delivered"), 1);
  EXPECT_EQ(ErrorReason(deliveries_->Reserve().status()), "SHUTTING_DOWN");
}

TEST_F(DeliveriesTest, StopDropsInTheEndWhatNobodyTakes) {
  absl::Notification over;
  HttpReceiver receiver([&over](const HttpReceiver::Received&) {
    over.WaitForNotification();
    return HttpReceiver::Reply();
  });
  StartWith(OptionsFor(receiver.url()));
  Put();
  ASSERT_TRUE(Eventually(kLimit, [&] { return receiver.count() == 1; }));
  deliveries_->Stop(absl::Now() + absl::Milliseconds(50));
  over.Notify();
  EXPECT_EQ(Ended("dropped"), 1);
}

}  // namespace
}  // namespace vibestack::user_service

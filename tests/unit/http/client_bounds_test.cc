// The limits of a client, and its shutdown.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "common/async/sync_wait.h"
#include "common/base/error.h"
#include "common/http/client.h"
#include "tests/support/http_receiver.h"
#include "tests/support/processes.h"

namespace vibestack::http {
namespace {

using e2e::HttpReceiver;

using Answer = std::future<absl::StatusOr<Response>>;

Answer SendAside(Client& client, const std::string& url,
                 absl::Time deadline = absl::Now() + absl::Seconds(20)) {
  return std::async(std::launch::async, [&client, url, deadline] {
    return SyncWait(client.Send({url, {}, "x"}, deadline));
  });
}

// A receiver that blocks every request until the test releases it.
class HoldingReceiver {
 public:
  ~HoldingReceiver() { Release(); }
  void Release() {
    if (!released_.HasBeenNotified()) released_.Notify();
  }
  std::string url() const { return receiver_.url(); }
  size_t count() const { return receiver_.count(); }

 private:
  absl::Notification released_;
  HttpReceiver receiver_{[this](const HttpReceiver::Received&) {
    released_.WaitForNotification();
    return HttpReceiver::Reply();
  }};
};

TEST(ClientBoundsTest, NoMoreThanThatManyAreUnderWay) {
  HoldingReceiver receiver;
  Client client({.max_concurrent = 2});
  std::vector<Answer> answers;
  for (int i = 0; i < 6; ++i) answers.push_back(SendAside(client, receiver.url()));
  ASSERT_TRUE(Eventually(absl::Seconds(10), [&] { return receiver.count() == 2; }));
  receiver.Release();
  for (Answer& answer : answers) EXPECT_TRUE(answer.get().ok());
  EXPECT_EQ(receiver.count(), 6U);
}

TEST(ClientBoundsTest, AnotherOneThanMayWaitIsRefusedAtOnce) {
  HoldingReceiver receiver;
  Client client({.max_concurrent = 1, .max_queued = 1});
  Answer first = SendAside(client, receiver.url());
  ASSERT_TRUE(Eventually(absl::Seconds(10), [&] { return receiver.count() == 1; }));
  // One of the two waits in the queue and the other one is refused, in either order.
  Answer second = SendAside(client, receiver.url());
  Answer third = SendAside(client, receiver.url());
  const auto refused = [](Answer& answer) {
    return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  };
  ASSERT_TRUE(Eventually(absl::Seconds(10), [&] { return refused(second) || refused(third); }));
  receiver.Release();
  const absl::Status statuses[] = {second.get().status(), third.get().status()};
  EXPECT_NE(statuses[0].ok(), statuses[1].ok());
  const absl::Status& refusal = statuses[0].ok() ? statuses[1] : statuses[0];
  EXPECT_EQ(refusal.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrorReason(refusal), "QUEUE_FULL");
  EXPECT_TRUE(first.get().ok());
}

TEST(ClientBoundsTest, DeadlineCountsInTheQueueToo) {
  HoldingReceiver receiver;
  Client client({.max_concurrent = 1});
  Answer first = SendAside(client, receiver.url());
  ASSERT_TRUE(Eventually(absl::Seconds(10), [&] { return receiver.count() == 1; }));
  const auto late = SendAside(client, receiver.url(), absl::Now() + absl::Milliseconds(50)).get();
  EXPECT_EQ(late.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(receiver.count(), 1U);
  receiver.Release();
  EXPECT_TRUE(first.get().ok());
}

TEST(ClientBoundsTest, TooLargeAnswerIsDropped) {
  const std::string big(20'000, 'b');
  const std::string chunk = "4e20\r\n" + big + "\r\n";  // 20,000 in hex
  for (const HttpReceiver::Reply& reply :
       {HttpReceiver::Reply{.body = big},
        HttpReceiver::Reply{.raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk +
                                   "0\r\n\r\n"},
        HttpReceiver::Reply{.raw = "HTTP/1.1 200 OK\r\n\r\n" + big},
        HttpReceiver::Reply{.headers = {{"a", big}, {"b", big}, {"c", big}, {"d", big}}}}) {
    HttpReceiver receiver([&reply](const HttpReceiver::Received&) { return reply; });
    Client client({.max_response_bytes = 19'999});
    const auto response = SendAside(client, receiver.url()).get();
    EXPECT_EQ(response.status().code(), absl::StatusCode::kOutOfRange) << response.status();
    EXPECT_EQ(ErrorReason(response.status()), "HTTP_RESPONSE_TOO_LARGE");
  }
}

TEST(ClientBoundsTest, ABodyThatNobodyReadsDoesNotMatter) {
  const std::string head = "HTTP/1.1 202 Accepted\r\nContent-Length: 9000000\r\n\r\nb";
  const HttpReceiver::Reply replies[] = {
      {.status = 202},
      {.status = 202, .body = std::string(1'000'000, 'b')},
      {.raw = head},  // Cut off.
      {.raw = "HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n" + head},
      {.raw = "silent"},
  };
  for (const HttpReceiver::Reply& reply : replies) {
    absl::Notification answered;
    HttpReceiver receiver([&](const HttpReceiver::Received&) {
      if (reply.raw != "silent") return reply;
      return HttpReceiver::Reply{.raw = head, .linger = [&] { answered.WaitForNotification(); }};
    });
    Client client({.max_response_bytes = 1});
    Request request{receiver.url(), {}, "x", /*ignores_body=*/true};
    const absl::Time began = absl::Now();
    const auto response = SyncWait(client.Send(std::move(request), began + absl::Seconds(20)));
    answered.Notify();
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->status, 202);
    EXPECT_LT(absl::Now() - began, absl::Seconds(10));
  }
}

TEST(ClientBoundsTest, AnswerOfTheLargestSizeIsTaken) {
  HttpReceiver receiver([](const HttpReceiver::Received&) {
    return HttpReceiver::Reply{.body = std::string(20'000, 'b')};
  });
  Client client({.max_response_bytes = 20'000});
  const auto response = SendAside(client, receiver.url()).get();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body.size(), 20'000U);
}

TEST(ClientBoundsTest, StopAnswersWhatIsUnderWayWhatWaitsAndWhatComes) {
  HoldingReceiver receiver;
  Client client({.max_concurrent = 1});
  Answer under_way = SendAside(client, receiver.url());
  ASSERT_TRUE(Eventually(absl::Seconds(10), [&] { return receiver.count() == 1; }));
  Answer waiting = SendAside(client, receiver.url());
  client.Stop();
  Answer later = SendAside(client, receiver.url());
  for (Answer* answer : {&under_way, &waiting, &later}) {
    EXPECT_EQ(ErrorReason(answer->get().status()), "SHUTTING_DOWN");
  }
  client.Stop();
}

}  // namespace
}  // namespace vibestack::http

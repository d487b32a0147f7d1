#include "common/http/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <future>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "common/async/sync_wait.h"
#include "common/base/error.h"
#include "tests/support/http_receiver.h"
#include "tests/support/processes.h"

namespace vibestack::http {
namespace {

using e2e::HttpReceiver;
using testing::Contains;
using testing::Pair;

absl::Time Soon() { return absl::Now() + absl::Seconds(20); }

absl::StatusOr<Response> Send(Client& client, Request request, absl::Time deadline = Soon()) {
  return SyncWait(client.Send(std::move(request), deadline));
}

TEST(ClientTest, RequestArrivesAsItWasMadeAndItsAnswerComesBack) {
  const std::string body("{\"n\": 1}\0\xff", 10);
  HttpReceiver receiver([](const HttpReceiver::Received&) {
    return HttpReceiver::Reply{.status = 418, .headers = {{"X-Kind", " a pot "}}, .body = "short"};
  });
  Client client({});
  const auto response =
      Send(client, {receiver.url("/a?b=c"), {{"content-type", "application/json"}}, body});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 418);
  EXPECT_EQ(response->body, "short");
  EXPECT_EQ(response->Find("x-kind"), "a pot");
  EXPECT_EQ(response->Find("x-other"), std::nullopt);
  const auto received = receiver.received();
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(received[0].method, "POST");
  EXPECT_EQ(received[0].path, "/a?b=c");
  EXPECT_EQ(received[0].body, body);
  EXPECT_THAT(received[0].headers, Contains(Pair("content-type", "application/json")));
  EXPECT_THAT(received[0].headers, Contains(Pair("user-agent", "vibestack")));
  EXPECT_EQ(received[0].headers.count("expect"), 0U);
}

TEST(ClientTest, LargeBodyArrivesWhole) {
  HttpReceiver receiver;
  Client client({});
  const std::string body(3'000'000, 'x');
  ASSERT_TRUE(Send(client, {receiver.url(), {}, body}).ok());
  EXPECT_EQ(receiver.received().at(0).body, body);
}

TEST(ClientTest, RedirectIsAnAnswerAndNotFollowed) {
  HttpReceiver other;
  HttpReceiver receiver([&](const HttpReceiver::Received&) {
    return HttpReceiver::Reply{.status = 307, .headers = {{"Location", other.url()}}};
  });
  Client client({});
  const auto response = Send(client, {receiver.url(), {}, "secret"});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 307);
  EXPECT_EQ(other.count(), 0U);
}

TEST(ClientTest, HeadersOfAnInterimAnswerAreNotThoseOfTheAnswer) {
  HttpReceiver receiver([](const HttpReceiver::Received&) {
    return HttpReceiver::Reply{.raw =
                                   "HTTP/1.1 103 Early Hints\r\nRetry-After: 1\r\n\r\n"
                                   "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"};
  });
  Client client({});
  const auto response = Send(client, {receiver.url(), {}, ""});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->Find("retry-after"), std::nullopt);
}

TEST(ClientTest, ReceiverThatIsAwayIsUnavailable) {
  Client client({});
  const std::string url = "http://127.0.0.1:" + std::to_string(e2e::FreePort()) + "/secret-path";
  const auto response = Send(client, {url, {}, ""});
  EXPECT_EQ(response.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ErrorReason(response.status()), "HTTP_UNREACHABLE");
  EXPECT_EQ(response.status().message().find("secret-path"), absl::string_view::npos);
}

TEST(ClientTest, ConnectionThatBreaksOrTalksNonsenseIsUnavailable) {
  for (const char* raw : {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "SMTP ready\r\n",
                          "HTTP/1.1 200 OK\r\nContent-Le"}) {
    HttpReceiver receiver(
        [raw](const HttpReceiver::Received&) { return HttpReceiver::Reply{.raw = raw}; });
    Client client({});
    const auto response = Send(client, {receiver.url(), {}, ""});
    EXPECT_EQ(response.status().code(), absl::StatusCode::kUnavailable) << raw;
  }
  HttpReceiver silent(
      [](const HttpReceiver::Received&) { return HttpReceiver::Reply{.hang_up = true}; });
  Client client({});
  EXPECT_EQ(ErrorReason(Send(client, {silent.url(), {}, ""}).status()), "HTTP_UNREACHABLE");
}

TEST(ClientTest, SilentReceiverIsGivenUpAtTheDeadline) {
  absl::Notification over;
  HttpReceiver receiver([&over](const HttpReceiver::Received&) {
    over.WaitForNotification();
    return HttpReceiver::Reply();
  });
  Client client({});
  const absl::Time began = absl::Now();
  const auto response = Send(client, {receiver.url(), {}, ""}, began + absl::Milliseconds(200));
  over.Notify();
  EXPECT_EQ(response.status().code(), absl::StatusCode::kDeadlineExceeded) << response.status();
  EXPECT_GE(absl::Now() - began, absl::Milliseconds(198));
  EXPECT_LE(absl::Now() - began, absl::Seconds(5));
}

TEST(ClientTest, WhatCannotBeSentIsRefusedAtOnce) {
  Client client({});
  for (const char* url : {"file:///etc/hostname", "ftp://127.0.0.1/", "http://a@127.0.0.1/", ""}) {
    EXPECT_TRUE(absl::IsInvalidArgument(Send(client, {url, {}, ""}).status())) << url;
  }
}

TEST(ClientTest, ProxyOfTheEnvironmentIsNotUsed) {
  const std::string nowhere = "http://127.0.0.1:" + std::to_string(e2e::FreePort());
  for (const char* name : {"http_proxy", "all_proxy"}) setenv(name, nowhere.c_str(), 1);
  HttpReceiver receiver;
  Client client({});
  const auto response = Send(client, {receiver.url(), {}, ""});
  for (const char* name : {"http_proxy", "all_proxy"}) unsetenv(name);
  EXPECT_TRUE(response.ok()) << response.status();
}

TEST(ClientTest, ManyCallersAtOnceGetTheirOwnAnswers) {
  HttpReceiver receiver([](const HttpReceiver::Received& request) {
    return HttpReceiver::Reply{.body = request.body};
  });
  Client client({.max_concurrent = 4});
  std::vector<std::future<int>> callers;
  for (int caller = 0; caller < 8; ++caller) {
    callers.push_back(std::async(std::launch::async, [&, caller] {
      int right = 0;
      for (int i = 0; i < 25; ++i) {
        const std::string body = std::to_string(caller) + "." + std::to_string(i);
        const auto response = Send(client, {receiver.url(), {}, body});
        right += response.ok() && response->body == body ? 1 : 0;
      }
      return right;
    }));
  }
  for (auto& caller : callers) EXPECT_EQ(caller.get(), 25);
}

}  // namespace
}  // namespace vibestack::http

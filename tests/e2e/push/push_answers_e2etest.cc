// The responses of receivers of pushed jobs, and their effect on the jobs.
#include <signal.h>

#include <atomic>
#include <thread>

#include "tests/e2e/push/push_fixture.h"

namespace vibestack::e2e {
namespace {

using job::v1::Job;
using PushAnswers = PushTest;

constexpr char kResponse[] = R"(, "completion": "RESPONSE", "timeout": "1s")";

// Answers the first request in one way and the others with a result.
HttpReceiver::Handler FirstThenResult(const HttpReceiver::Reply& first) {
  auto asked = std::make_shared<std::atomic<int>>(0);
  return [asked, first](const HttpReceiver::Received&) {
    return asked->fetch_add(1) == 0 ? first : HttpReceiver::Reply{.body = R"({"done": true})"};
  };
}

TEST_F(PushAnswers, TheAnswerOfAResponseWorkflowIsTheResultToTheLastDigit) {
  Serve([](const Received&) { return Reply{.body = R"({"n": 9007199254740993})"}; }, kResponse);
  const Job job = AwaitEnd(Create());
  EXPECT_EQ(job.status(), Job::COMPLETED);
  EXPECT_EQ(job.result_json(), R"({"n": 9007199254740993})");
  EXPECT_EQ(receiver_->received().at(0).body.find("callback_token"), std::string::npos);
}

TEST_F(PushAnswers, ABrokenBodyFailsTheJob) {
  std::atomic<int> asked{0};
  const std::vector<std::string> bodies = {"<html>", "", R"({"a": "\u0000"})", "{\"a\": 1",
                                           "\"\xff\""};
  Serve([&](const Received&) { return Reply{.body = bodies.at(asked++ % bodies.size())}; },
        std::string(kResponse) + R"(, "max_concurrent": 1)");
  for (const std::string& body : bodies) {
    const Job job = AwaitEnd(Create());
    EXPECT_EQ(job.status(), Job::FAILED) << body;
    EXPECT_EQ(ErrorOf(job), "RESPONSE_INVALID") << body;
  }
  EXPECT_EQ(receiver_->count(), bodies.size());
}

TEST_F(PushAnswers, AReceiverThatAnswers404WhileItStartsGetsTheJob) {
  std::atomic<int> asked{0};
  Serve([&](const Received&) { return Reply{.status = asked++ < 2 ? 404 : 202}; });
  const std::string id = Create();
  EXPECT_TRUE(AwaitStatus(id, Job::PROCESSING));
  const auto received = receiver_->received();
  ASSERT_EQ(received.size(), 3U);
  for (const Received& request : received) {
    EXPECT_EQ(request.headers.at("idempotency-key"), KeyOf(id));
  }
  EXPECT_TRUE(CallBack(id, TokenOf(received[2]), "1").ok());
}

TEST_F(PushAnswers, A404FailsTheJobAtTheDispatchTimeout) {
  Serve([](const Received&) { return Reply{.status = 404}; }, R"(, "dispatch_timeout": "2s")");
  const Job job = AwaitEnd(Create());
  EXPECT_EQ(job.status(), Job::FAILED);
  EXPECT_EQ(ErrorOf(job), "DISPATCH_TIMEOUT");
  EXPECT_NE(job.result_json().find("the workflow responded with HTTP status 404"),
            std::string::npos);
  EXPECT_GE(receiver_->count(), 2U);
}

TEST_F(PushAnswers, AnotherRefusalFailsTheJobAtOnce) {
  Serve([](const Received&) { return Reply{.status = 410}; });
  const Job job = AwaitEnd(Create());
  EXPECT_EQ(job.status(), Job::FAILED);
  EXPECT_EQ(ErrorOf(job), "DISPATCH_REFUSED");
  EXPECT_EQ(receiver_->count(), 1U);
}

TEST_F(PushAnswers, ARedirectIsNotFollowedButTriedAgain) {
  HttpReceiver elsewhere;
  Serve(FirstThenResult({.status = 302, .headers = {{"location", elsewhere.url()}}}), kResponse);
  EXPECT_EQ(AwaitEnd(Create()).status(), Job::COMPLETED);
  EXPECT_EQ(elsewhere.count(), 0U);
  EXPECT_EQ(receiver_->count(), 2U);
}

TEST_F(PushAnswers, A500AndAClosedSocketAreTriedAgainWithTheSameKey) {
  for (const HttpReceiver::Reply& first :
       {Reply{.status = 500}, Reply{.hang_up = true}, Reply{.raw = "HTTP/1.1 200 OK\r\nconte"}}) {
    Serve(FirstThenResult(first), kResponse);
    const std::string id = Create();
    EXPECT_EQ(AwaitEnd(id).status(), Job::COMPLETED);
    const auto received = receiver_->received();
    ASSERT_EQ(received.size(), 2U);
    for (const Received& request : received) {
      EXPECT_EQ(request.headers.at("idempotency-key"), KeyOf(id));
    }
  }
}

TEST_F(PushAnswers, A429IsTriedAgainNoSoonerThanItAsks) {
  std::atomic<int> asked{0};
  std::atomic<int64_t> times[2] = {0, 0};
  Serve(
      [&](const Received&) {
        const int n = asked++;
        if (n < 2) times[n] = absl::ToUnixMillis(absl::Now());
        if (n > 0) return Reply{.body = "1"};
        return Reply{.status = 429, .headers = {{"retry-after", "3"}}};
      },
      kResponse);
  EXPECT_EQ(AwaitEnd(Create()).status(), Job::COMPLETED);
  EXPECT_GE(times[1] - times[0], 2'900);
}

TEST_F(PushAnswers, TheWaitBetweenTriesGrowsWithTheAgeOfTheJob) {
  // The number of tries, with one failure less than opens the circuit.
  constexpr size_t kTries = 5;
  absl::Mutex mutex;
  std::vector<absl::Time> tries;
  Serve(
      [&](const Received&) {
        absl::MutexLock lock(&mutex);
        tries.push_back(absl::Now());
        return tries.size() < kTries ? Reply{.status = 503} : Reply{.body = "1"};
      },
      kResponse);
  EXPECT_EQ(AwaitEnd(Create()).status(), Job::COMPLETED);
  absl::MutexLock lock(&mutex);
  ASSERT_EQ(tries.size(), kTries);
  for (size_t i = 1; i < kTries; ++i) {
    // The wait is at least half of the job's age, which counts as at least a second.
    const absl::Duration age = std::max(tries[i - 1] - tries[0], absl::Seconds(1));
    EXPECT_GE(tries[i] - tries[i - 1], age / 2 - absl::Milliseconds(50)) << i;
  }
  EXPECT_LT(tries.back() - tries.front(), absl::Seconds(15));
}

TEST_F(PushAnswers, AnAnswerThatComesTooLateIsNoAnswer) {
  std::atomic<int> asked{0};
  Serve(
      [&](const Received&) {
        if (asked++ > 0) return Reply{.body = "\"in time\""};
        released_.WaitForNotification();
        return Reply{.body = "\"late\""};
      },
      kResponse);
  const Job job = AwaitEnd(Create());
  released_.Notify();
  EXPECT_EQ(job.result_json(), "\"in time\"");
}

TEST_F(PushAnswers, AnAcceptanceThatComesTooLateMakesASecondRunAndTheFirstCallbackCounts) {
  ServeFirstTooLate();
  const std::string id = Create();
  ASSERT_TRUE(AwaitPosts(2));
  released_.Notify();
  const auto received = receiver_->received();
  for (const Received& request : received) {
    EXPECT_EQ(request.headers.at("idempotency-key"), KeyOf(id));
  }
  EXPECT_TRUE(CallBack(id, TokenOf(received[1]), "\"one\"").ok());
  EXPECT_EQ(CallBack(id, TokenOf(received[0]), "\"two\"").reason(), "JOB_TERMINAL");
  EXPECT_EQ(AwaitEnd(id).result_json(), "\"one\"");
}

TEST_F(PushAnswers, AReceiverThatNeverAnswersFailsTheJobAtTheDispatchTimeout) {
  Serve(
      [&](const Received&) {
        released_.WaitForNotification();
        return Reply();
      },
      R"(, "timeout": "0.5s", "dispatch_timeout": "2s")");
  const std::string id = Create();
  const Job job = AwaitEnd(id);
  released_.Notify();
  EXPECT_EQ(job.status(), Job::FAILED);
  EXPECT_EQ(ErrorOf(job), "DISPATCH_TIMEOUT");
  EXPECT_GE(receiver_->count(), 2U);
}

TEST_F(PushAnswers, ADeadTargetDelaysNobodyElse) {
  HttpReceiver dead([&](const Received&) {
    released_.WaitForNotification();
    return Reply();
  });
  receiver_ = std::make_unique<HttpReceiver>([](const Received&) { return Reply{.body = "1"}; });
  ServeFile("{\"workflows\": [" + Entry("dead", dead.url(), R"(, "max_concurrent": 4)") + ", " +
            Entry("nobody", "http://127.0.0.1:1/", "") + ", " +
            Entry("pushed", receiver_->url(), kResponse) + "]}");
  for (int i = 0; i < 20; ++i) {
    Create("dead");
    Create("nobody");
  }
  const absl::Time began = absl::Now();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(AwaitEnd(Create()).status(), Job::COMPLETED);
  EXPECT_LT(absl::Now() - began, absl::Seconds(8));
  EXPECT_EQ(dead.count(), 4U);
  released_.Notify();
}

TEST_F(PushAnswers, ATargetThatIsDownIsLeftAloneAndServedAgainWhenItIsBack) {
  std::atomic<bool> up = false;
  Serve([&](const Received&) { return up ? Reply{.body = "1"} : Reply{.status = 503}; }, kResponse);
  const std::string circuit = "vibestack_dispatch_circuit_open{workflow_id=\"pushed\"}";
  std::vector<std::string> ids;
  for (int i = 0; i < 6; ++i) ids.push_back(Create());
  ASSERT_TRUE(Eventually(absl::Seconds(20), [&] { return services_->job().Metric(circuit) == 1; }));
  // Jobs are created as before while the circuit is open.
  job::v1::CreateJobRequest request;
  request.set_workflow_id("pushed");
  request.set_input_json("1");
  const auto created = Call(services_->jobs(), &JobService::Stub::CreateJob, request,
                            {.token = person_.access_token});
  ASSERT_TRUE(created.ok()) << Describe(created.status);
  ids.push_back(created.value.id());
  up = true;
  for (const std::string& id : ids) EXPECT_EQ(AwaitEnd(id).status(), Job::COMPLETED);
  EXPECT_EQ(services_->job().Metric(circuit), 0);
}

TEST_F(PushAnswers, TheStatusLineOfAnAcceptanceDecidesWhateverItsBodyIs) {
  const std::string head = "HTTP/1.1 202 Accepted\r\ncontent-length: 99999999\r\n\r\n{";
  std::atomic<int> kind{0};
  Serve([&](const Received&) {
    if (kind == 0) return Reply{.status = 202, .body = std::string(6 << 20, ' ')};
    if (kind == 1) return Reply{.raw = head};
    return Reply{.raw = head, .linger = [this] { released_.WaitForNotification(); }};
  });
  for (size_t i = 0; i < 3; ++i) {
    kind = static_cast<int>(i);
    const std::string id = Create();
    EXPECT_TRUE(AwaitStatus(id, Job::PROCESSING)) << i;
    EXPECT_TRUE(CallBack(id, TokenFor(id), "1").ok()) << i;
    EXPECT_EQ(receiver_->count(), i + 1) << "each job is posted once";
  }
}

TEST_F(PushAnswers, AHugeRetryAfterIsBoundedAndSeenAndEndsWithAReload) {
  std::atomic<int> asked{0};
  Serve(
      [&](const Received&) {
        if (asked++ > 0) return Reply{.body = "1"};
        return Reply{.status = 429, .headers = {{"retry-after", "86400"}}};
      },
      kResponse);
  const std::string circuit = "vibestack_dispatch_circuit_open{workflow_id=\"pushed\"}";
  const std::string first = Create();
  EXPECT_TRUE(Eventually(absl::Seconds(20), [&] { return services_->job().Metric(circuit) == 1; }));
  const std::string second = Create();
  EXPECT_EQ(StatusOf(second), Job::PENDING);
  services_->job().process().Signal(SIGHUP);
  EXPECT_EQ(AwaitEnd(first).status(), Job::COMPLETED);
  EXPECT_EQ(AwaitEnd(second).status(), Job::COMPLETED);
  EXPECT_EQ(services_->job().Metric(circuit), 0);
}

TEST_F(PushAnswers, TheLastRunFailsAtTheProcessingTimeout) {
  workflow_ = R"(, "max_attempts": 1)";
  Serve(HttpReceiver::AnswersOk(), R"(, "processing_timeout": "1s")");
  const Job job = AwaitEnd(Create());
  EXPECT_EQ(job.status(), Job::FAILED);
  EXPECT_EQ(ErrorOf(job), "PROCESSING_TIMEOUT");
  EXPECT_EQ(receiver_->count(), 1U);
}

}  // namespace
}  // namespace vibestack::e2e

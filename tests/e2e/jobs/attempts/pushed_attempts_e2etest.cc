// Attempts of jobs that are pushed: each post names its attempt, and so does its callback token.
#include <atomic>

#include "tests/e2e/push/push_fixture.h"
#include "tests/support/database.h"

namespace vibestack::e2e {
namespace {

using job::v1::Job;
using testing::ElementsAre;

class PushedAttempts : public PushTest {
 protected:
  std::string CreateWith(const std::string& input_json, const std::string& workflow_id = "pushed") {
    job::v1::CreateJobRequest request;
    request.set_workflow_id(workflow_id);
    request.set_input_json(input_json);
    return Must(request);
  }
  std::string Must(const job::v1::CreateJobRequest& request) {
    const auto job = Call(services_->jobs(), &JobService::Stub::CreateJob, request,
                          {.token = person_.access_token});
    EXPECT_TRUE(job.ok()) << Describe(job.status);
    EXPECT_EQ(job.value.status(), Job::PENDING);
    return job.value.id();
  }
  Result<Job> Cancel(const std::string& id) {
    job::v1::CancelJobRequest request;
    request.set_id(id);
    return Call(services_->jobs(), &JobService::Stub::CancelJob, request,
                {.token = person_.access_token});
  }
  Result<Job> CallBackForNow(const std::string& id, const std::string& token,
                             const std::string& code, absl::Duration delay) {
    job::v1::FailJobRequest request;
    request.set_id(id);
    request.set_code(code);
    request.set_retryable(true);
    request.mutable_retry_delay()->set_seconds(absl::ToInt64Seconds(delay));
    return Call(services_->jobs(), &JobService::Stub::FailJob, request, {.token = token});
  }
  Result<job::v1::ReportProgressResponse> Report(const std::string& id, const std::string& token,
                                                 const std::string& progress) {
    job::v1::ReportProgressRequest request;
    request.set_id(id);
    request.set_result_json(progress);
    return Call(services_->jobs(), &JobService::Stub::ReportProgress, request, {.token = token});
  }
  std::vector<std::string> ErrorsOf(const std::string& id) {
    std::vector<std::string> errors;
    const auto job = GetJob(*services_, person_.access_token, id);
    for (const auto& error : job.value.errors()) {
      errors.push_back(std::to_string(error.attempt()) + " " + error.code());
    }
    return errors;
  }
  // All columns of the job's row, and its xmin.
  static std::string Row(const std::string& id) {
    return Database().One("SELECT j::text || xmin FROM agent_jobs AS j WHERE id = '" + id + "'");
  }
  // Expects that the run of an earlier attempt changes nothing, whatever it says.
  void ExpectSuperseded(const std::string& id, const std::string& token) {
    const std::string row = Row(id);
    for (const std::string& reason :
         {CallBack(id, token, "\"late\"").reason(), CallBackFailed(id, token, "LATE").reason(),
          CallBackForNow(id, token, "LATE", absl::ZeroDuration()).reason(),
          Report(id, token, "\"late\"").reason()}) {
      EXPECT_EQ(reason, "ATTEMPT_SUPERSEDED");
    }
    EXPECT_EQ(CallBack(id, token, "1").code(), grpc::ABORTED);
    EXPECT_EQ(Row(id), row);
  }
  // The number in the input of a post.
  static int InputOf(const Received& request) {
    google::protobuf::Struct members;
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(request.body, &members).ok());
    return static_cast<int>(members.fields().at("input").number_value());
  }
  static int AttemptOf(const Received& request) {
    google::protobuf::Struct members;
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(request.body, &members).ok());
    return static_cast<int>(members.fields().at("attempt").number_value());
  }
  void Reload(const std::string& workflows) {
    WriteFile(file(), workflows);
    const auto reloads = [this] {
      int count = 0;
      const std::string log = services_->job().log();
      for (size_t at = 0; (at = log.find("\"workflows_reloaded\"", at)) != std::string::npos;
           ++at) {
        ++count;
      }
      return count;
    };
    const int before = reloads();
    services_->job().process().Signal(SIGHUP);
    ASSERT_TRUE(Eventually(absl::Seconds(10), [&] { return reloads() > before; }));
  }
};

TEST_F(PushedAttempts, ATargetThatIsAwayForAWhileLosesNothing) {
  constexpr int kJobs = 100;
  std::atomic<bool> up = false;
  Serve(
      [&](const Received& request) {
        if (!up) return Reply{.status = asked_++ % 2 == 0 ? 404 : 503};
        return Reply{.body = std::to_string(InputOf(request))};
      },
      R"(, "completion": "RESPONSE", "timeout": "5s")", 2);
  job::v1::BatchCreateJobsRequest batch;
  for (int i = 0; i < kJobs; ++i) {
    batch.add_requests()->set_workflow_id("pushed");
    batch.mutable_requests(i)->set_input_json(std::to_string(1'000 + i));
  }
  const auto created = Call(services_->jobs(), &JobService::Stub::BatchCreateJobs, batch,
                            {.token = person_.access_token});
  ASSERT_TRUE(created.ok()) << Describe(created.status);
  // More than the first requests of both replicas: also some that came after a pause.
  ASSERT_TRUE(Eventually(absl::Seconds(20), [this] { return asked_ >= 36; }));
  up = true;
  for (int i = 0; i < kJobs; ++i) {
    EXPECT_EQ(AwaitEnd(created.value.jobs(i).id()).result_json(), std::to_string(1'000 + i));
  }
  for (const Received& request : receiver_->received()) EXPECT_EQ(AttemptOf(request), 1);
}

TEST_F(PushedAttempts, ARunFromBeforeACancellationIsSuperseded) {
  Serve(HttpReceiver::AnswersOk());
  const std::string id = CreateWith("5");
  ASSERT_TRUE(AwaitStatus(id, Job::PROCESSING));
  ASSERT_TRUE(Cancel(id).ok());
  const std::string old = TokenOf(receiver_->received().at(0));
  EXPECT_EQ(CallBack(id, old, "1").reason(), "JOB_TERMINAL") << "no later attempt has begun";
  ASSERT_TRUE(Retry(id).ok());
  ASSERT_TRUE(AwaitPosts(2));
  ASSERT_TRUE(AwaitStatus(id, Job::PROCESSING));
  const Received second = receiver_->received().at(1);
  EXPECT_EQ(second.headers.at("idempotency-key"), KeyOf(id, 2));
  EXPECT_EQ(AttemptOf(second), 2);
  EXPECT_EQ(InputOf(second), 5);
  ExpectSuperseded(id, old);
  ASSERT_TRUE(Report(id, TokenOf(second), "50").ok());
  ExpectSuperseded(id, old);
  EXPECT_TRUE(CallBack(id, TokenOf(second), "2").ok());
  EXPECT_EQ(AwaitEnd(id).result_json(), "2");
  EXPECT_EQ(CallBack(id, old, "1").reason(), "JOB_TERMINAL");
}

TEST_F(PushedAttempts, ARunThatTimedOutIsPostedAgainAndSuperseded) {
  Serve(HttpReceiver::AnswersOk(), R"(, "processing_timeout": "2s")");
  const std::string id = CreateWith("6");
  ASSERT_TRUE(AwaitPosts(2));
  const auto received = receiver_->received();
  EXPECT_EQ(received[0].headers.at("idempotency-key"), KeyOf(id));
  EXPECT_EQ(received[1].headers.at("idempotency-key"), KeyOf(id, 2));
  EXPECT_EQ(InputOf(received[1]), 6);
  EXPECT_THAT(ErrorsOf(id), ElementsAre("1 PROCESSING_TIMEOUT"));
  EXPECT_EQ(CallBack(id, TokenOf(received[0]), "1").reason(), "ATTEMPT_SUPERSEDED");
  EXPECT_TRUE(CallBack(id, TokenOf(received[1]), "2").ok());
  EXPECT_EQ(AwaitEnd(id).result_json(), "2");
}

TEST_F(PushedAttempts, ARunMayFailForNow) {
  workflow_ = R"(, "max_attempts": 2)";
  Serve(HttpReceiver::AnswersOk());
  const std::string id = CreateWith("7");
  ASSERT_TRUE(AwaitStatus(id, Job::PROCESSING));
  const std::string first = TokenOf(receiver_->received().at(0));
  const absl::Time failed = absl::Now();
  EXPECT_EQ(CallBackForNow(id, first, "BUSY", absl::Seconds(2)).value.status(), Job::PENDING);
  EXPECT_TRUE(CallBackForNow(id, first, "BUSY", absl::Seconds(2)).ok()) << "a repetition";
  ExpectSuperseded(id, first);
  ASSERT_TRUE(AwaitPosts(2));
  EXPECT_GE(absl::Now() - failed, absl::Seconds(2));
  EXPECT_LE(absl::Now() - failed, absl::Seconds(4));
  ASSERT_TRUE(AwaitStatus(id, Job::PROCESSING));
  EXPECT_THAT(ErrorsOf(id), ElementsAre("1 BUSY"));
  const std::string second = TokenOf(receiver_->received().at(1));
  EXPECT_EQ(CallBackForNow(id, second, "BUSY", absl::ZeroDuration()).value.status(), Job::FAILED);
  EXPECT_EQ(ErrorOf(AwaitEnd(id)), "BUSY");
  EXPECT_THAT(ErrorsOf(id), ElementsAre("1 BUSY", "2 BUSY"));
  EXPECT_EQ(receiver_->count(), 2U);
}

TEST_F(PushedAttempts, AJobIsPostedNoSoonerThanItShould) {
  Serve([](const Received&) { return Reply{.body = "1"}; }, R"(, "completion": "RESPONSE")");
  job::v1::CreateJobRequest request;
  request.set_workflow_id("pushed");
  request.set_input_json("8");
  request.mutable_delay()->set_seconds(2);
  const absl::Time created = absl::Now();
  const std::string later = Must(request);
  EXPECT_EQ(AwaitEnd(CreateWith("9")).status(), Job::COMPLETED);
  EXPECT_EQ(StatusOf(later), Job::PENDING);
  EXPECT_EQ(receiver_->count(), 1U);
  ASSERT_TRUE(AwaitPosts(2));
  EXPECT_GE(absl::Now() - created, absl::Seconds(2));
  EXPECT_LE(absl::Now() - created, absl::Milliseconds(3'300));
  EXPECT_EQ(AwaitEnd(later).status(), Job::COMPLETED);
  EXPECT_EQ(InputOf(receiver_->received().at(1)), 8);
}

// The dispatch timeout counts from the first request: a job that waited longer than that, behind a
// pause for example, still has all of it.
TEST_F(PushedAttempts, AJobThatWaitedForLongHasTheWholeDispatchTimeout) {
  std::atomic<int> refusals{2};
  Serve([&](const Received&) { return refusals-- > 0 ? Reply{.status = 503} : Reply{.body = "1"}; },
        R"(, "completion": "RESPONSE", "dispatch_timeout": "60s")");
  const std::string id = NewUuid();
  Database().Run(
      "INSERT INTO agent_jobs (id, user_id, workflow_id, created_at, updated_at) SELECT '" + id +
      "', '" + person_.id + "', 'pushed', t, t FROM (SELECT now() - interval '2 hours' AS t) AS m");
  EXPECT_EQ(AwaitEnd(id).status(), Job::COMPLETED);
  EXPECT_EQ(receiver_->count(), 3U);
}

// The time of the first request is in the row, so it outlives the replica that sent the request.
TEST_F(PushedAttempts, ARequestOfAnotherReplicaLeavesTheRestOfTheDispatchTimeout) {
  Serve([](const Received&) { return Reply{.status = 503}; },
        R"(, "timeout": "1s", "dispatch_timeout": "60s")");
  const std::string id = Create();
  const auto first_request = [&id] {
    return Database().One(
        "SELECT coalesce(result_payload ->> 'first_request', '') FROM "
        "agent_jobs WHERE id = '" +
        id + "'");
  };
  ASSERT_TRUE(AwaitPosts(2));
  ASSERT_TRUE(Eventually(absl::Seconds(20), [&] { return !first_request().empty(); }));
  services_->job().process().Kill();
  Database().Run(
      "UPDATE agent_jobs SET result_payload = jsonb_set(result_payload, "
      "'{first_request}', '\"2026-01-01T00:00:00.000000Z\"')");
  const size_t posts = receiver_->count();
  services_->job().Start();
  services_->job().AwaitReady();
  const Job job = AwaitEnd(id);
  EXPECT_EQ(job.status(), Job::FAILED);
  EXPECT_EQ(ErrorOf(job), "DISPATCH_TIMEOUT");
  EXPECT_EQ(receiver_->count(), posts + 1);
}

TEST_F(PushedAttempts, ALateStartLeavesTheWholeDispatchTimeout) {
  std::atomic<int> refusals{2};
  Serve([&](const Received&) { return refusals-- > 0 ? Reply{.status = 503} : Reply{.body = "1"}; },
        R"(, "completion": "RESPONSE", "dispatch_timeout": "5s")");
  job::v1::CreateJobRequest request;
  request.set_workflow_id("pushed");
  request.mutable_delay()->set_seconds(6);
  EXPECT_EQ(AwaitEnd(Must(request)).status(), Job::COMPLETED);
  EXPECT_EQ(receiver_->count(), 3U);
}

TEST_F(PushedAttempts, APausedWorkflowTakesJobsAndHandsOutNone) {
  const std::string pulled = R"({"id": "pulled")";
  const std::string answers = R"(, "completion": "RESPONSE")";
  const std::string paused = R"(, "pause": true)";
  receiver_ = std::make_unique<HttpReceiver>([](const Received&) { return Reply{.body = "1"}; });
  const auto file_with = [&](const std::string& pause) {
    return "{\"workflows\": [" + pulled + pause + "}, " +
           Entry("pushed", receiver_->url(), answers, pause) + ", " +
           Entry("other", receiver_->url(), answers) + "]}";
  };
  ServeFile(file_with(""));
  EXPECT_EQ(AwaitEnd(CreateWith("1")).status(), Job::COMPLETED);
  Reload(file_with(paused));

  const std::string to_push = CreateWith("2");
  const std::string to_pull = CreateWith("3", "pulled");
  job::v1::ClaimJobsRequest claim;
  claim.add_workflow_ids("pulled");
  const auto claimed = [&] {
    const auto answer = Call(services_->jobs(), &JobService::Stub::ClaimJobs, claim,
                             {.token = services_->service_token()});
    EXPECT_TRUE(answer.ok()) << Describe(answer.status);
    return answer.value;
  };
  EXPECT_EQ(claimed().jobs_size(), 0);
  // A claim that waits gets none either, and a workflow that is not paused is served.
  claim.mutable_wait()->set_seconds(1);
  EXPECT_EQ(claimed().jobs_size(), 0);
  CreateWith("4", "free");
  claim.add_workflow_ids("free");
  ASSERT_EQ(claimed().jobs_size(), 1);
  EXPECT_EQ(AwaitEnd(CreateWith("5", "other")).status(), Job::COMPLETED);
  EXPECT_EQ(receiver_->count(), 2U);
  for (const std::string& id : {to_push, to_pull}) EXPECT_EQ(StatusOf(id), Job::PENDING);

  Reload(file_with(""));
  EXPECT_EQ(AwaitEnd(to_push).status(), Job::COMPLETED);
  claim.mutable_wait()->set_seconds(10);
  const auto at_last = claimed();
  ASSERT_EQ(at_last.jobs_size(), 1);
  EXPECT_EQ(at_last.jobs(0).job().id(), to_pull);
  EXPECT_EQ(at_last.jobs(0).job().input().number_value(), 3);
}

TEST_F(PushedAttempts, AClaimThatWaitsThroughAPauseGetsTheJobAfterIt) {
  const std::string pulled = R"({"workflows": [{"id": "pulled", "pause": )";
  ServeFile(pulled + "true}]}");
  const std::string id = CreateWith("1", "pulled");
  std::atomic<bool> is_claimed = false;
  job::v1::ClaimedJob claimed;
  std::thread waiting([&] {
    claimed = ClaimJob(*services_, "pulled");
    is_claimed = true;
  });
  EXPECT_TRUE(Eventually(absl::Seconds(10), [&] { return services_->job().WaitingCalls() >= 1; }));
  EXPECT_FALSE(is_claimed);
  Reload(pulled + "false}]}");
  waiting.join();
  EXPECT_EQ(claimed.job().id(), id);
}

}  // namespace
}  // namespace vibestack::e2e

// The workflows file: at the start, while the service runs, and after a reload.
#include <signal.h>

#include <atomic>
#include <thread>

#include "tests/e2e/push/push_fixture.h"

namespace vibestack::e2e {
namespace {

using job::v1::Job;
using PushSetup = PushTest;

TEST_F(PushSetup, ABadFileKeepsTheServiceFromStartingAndSaysWhy) {
  const Services services({.start = false});
  for (const auto& [text, why] : std::vector<std::pair<std::string, std::string>>{
           {"{", "--workflows_file"},
           {R"({"workflows": [{"id": "a", "colour": "red"}]})", "colour"},
           {R"({"workflows": [{"id": "a", "max_attempts": 1001}]})", "workflows[0].max_attempts"},
           {R"({"workflows": [{"id": "a", "push": {"url": "ftp://a"}}]})",
            "workflows[0].push.url"}}) {
    WriteFile(file(), text);
    const Finished done =
        RunToEnd(RequiredEnvironment("VIBESTACK_E2E_JOB_SERVICE"),
                 {"serve", "--service_token_file=" + services.directory() + "/service.token",
                  "--callback_base_url=http://gateway.test",
                  "--keys_dir=" + services.directory() + "/keys", "--workflows_file=" + file()});
    EXPECT_EQ(done.exit_code, 2) << text;
    EXPECT_THAT(done.standard_error, testing::HasSubstr(why)) << text;
  }
}

TEST_F(PushSetup, SighupReadsTheFileAgainAndABadOneChangesNothing) {
  receiver_ = std::make_unique<HttpReceiver>([](const Received&) { return Reply{.body = "1"}; });
  ServeFile("{}");
  const std::string id = Create();
  WriteFile(file(), "{\"workflows\": [" +
                        Entry("pushed", receiver_->url(), R"(, "completion": "RESPONSE")") + "]}");
  services_->job().process().Signal(SIGHUP);
  EXPECT_EQ(AwaitEnd(id).status(), Job::COMPLETED);
  WriteFile(file(), "{\"workflow\": []}");
  services_->job().process().Signal(SIGHUP);
  ASSERT_TRUE(Eventually(absl::Seconds(10), [this] {
    return services_->job().log().find("workflows_not_reloaded") != std::string::npos;
  }));
  EXPECT_EQ(AwaitEnd(Create()).status(), Job::COMPLETED);
}

TEST_F(PushSetup, NobodyClaimsJobsOfAPushedWorkflowNotEvenWhoWaitsAlready) {
  receiver_ = std::make_unique<HttpReceiver>();
  ServeFile("{}");
  job::v1::ClaimJobsRequest claim;
  claim.add_workflow_ids("pulled");
  claim.add_workflow_ids("pushed");
  claim.mutable_wait()->set_seconds(20);
  std::atomic<bool> answered{false};
  Result<job::v1::ClaimJobsResponse> claimed;
  std::thread waiting([&] {
    claimed = Call(services_->jobs(), &JobService::Stub::ClaimJobs, claim,
                   {.token = services_->service_token()});
    answered = true;
  });
  EXPECT_TRUE(Eventually(absl::Seconds(10), [&] { return services_->job().WaitingCalls() >= 1; }));
  WriteFile(file(), "{\"workflows\": [" + Entry("pushed", receiver_->url(), "") + "]}");
  services_->job().process().Signal(SIGHUP);
  EXPECT_TRUE(Eventually(absl::Seconds(10), [&] { return answered.load(); }));
  waiting.join();
  EXPECT_EQ(claimed.code(), grpc::INVALID_ARGUMENT);
}

// The way that deploy/OPERATIONS.md describes.
TEST_F(PushSetup, AWorkflowIsTakenAwayWithoutATraceOnItsRunsAndJobs) {
  Serve(HttpReceiver::AnswersOk(), "", 2, {"--lease_duration=1s"});
  const std::string running = Create();
  ASSERT_TRUE(AwaitStatus(running, Job::PROCESSING));
  const auto reload = [this](const std::string& text, const std::string& event, size_t times) {
    WriteFile(file(), text);
    for (size_t replica : {0, 1}) {
      Service& service = services_->job(replica);
      service.process().Signal(SIGHUP);
      EXPECT_TRUE(Eventually(absl::Seconds(10), [&] {
        size_t found = 0;
        const std::string log = service.log();
        for (size_t at = log.find(event); at != std::string::npos; at = log.find(event, at + 1)) {
          ++found;
        }
        return found == times;
      })) << event;
    }
  };
  // Not at once: a run is under way.
  reload("{}", "workflows_not_reloaded", 1);
  reload(FileWith(Entry("pushed", receiver_->url(), "", R"(, "pause": true)")),
         "workflows_reloaded", 1);
  const std::string waiting = Create();
  job::v1::ClaimJobsRequest claim;
  claim.add_workflow_ids("pushed");
  const With worker{.token = services_->service_token()};
  EXPECT_EQ(Call(services_->jobs(), &JobService::Stub::ClaimJobs, claim, worker).code(),
            grpc::INVALID_ARGUMENT);
  EXPECT_TRUE(CallBack(running, TokenFor(running), "1").ok());
  EXPECT_EQ(AwaitEnd(running).result_json(), "1");
  reload("{}", "workflows_reloaded", 2);
  const auto claimed = Call(services_->jobs(), &JobService::Stub::ClaimJobs, claim, worker);
  ASSERT_EQ(claimed.value.jobs_size(), 1) << Describe(claimed.status);
  EXPECT_EQ(claimed.value.jobs(0).job().id(), waiting);
  EXPECT_EQ(receiver_->count(), 1U);
}

TEST_F(PushSetup, AttemptsAreCountedByOutcome) {
  Serve([](const Received&) { return Reply{.status = 400}; });
  AwaitEnd(Create());
  EXPECT_EQ(services_->job().Metric(
                R"(vibestack_dispatch_attempts_total{outcome="failed",workflow_id="pushed"})"),
            1);
}

}  // namespace
}  // namespace vibestack::e2e

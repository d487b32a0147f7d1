// WatchJob: every change reaches the watchers, whatever fails in between.
#include <gmock/gmock.h>
#include <signal.h>

#include "tests/support/database.h"
#include "tests/support/stream.h"
#include "tests/support/walk.h"

namespace vibestack::e2e {
namespace {

using job::v1::Job;

// Long enough for a busy machine, and shorter than the poll intervals below unless a test says
// otherwise.
constexpr absl::Duration kSoon = absl::Seconds(3);
constexpr absl::Duration kLong = absl::Seconds(40);

class WatchJob : public testing::Test {
 protected:
  // Practically never polls, so that only change events wake a watcher.
  static Services::Options WithoutPolls() {
    return {.job_flags = {"--poll_interval=1h"}, .job_replicas = 2};
  }

  explicit WatchJob(Services::Options options = WithoutPolls()) : services_(std::move(options)) {}

  std::unique_ptr<Stream<Job>> Watch(const std::string& id, const std::string& token,
                                     size_t replica = 0,
                                     job::v1::JobView view = job::v1::JOB_VIEW_UNSPECIFIED) {
    stubs_.push_back(JobService::NewStub(services_.job(replica).channel()));
    requests_.push_back(std::make_unique<job::v1::WatchJobRequest>());
    requests_.back()->set_id(id);
    requests_.back()->set_view(view);
    const With with{.token = token, .timeout = absl::Minutes(2)};
    return std::make_unique<Stream<Job>>(
        [&](grpc::ClientContext* context, grpc::ClientReadReactor<Job>* reader) {
          stubs_.back()->async()->WatchJob(context, requests_.back().get(), reader);
        },
        with);
  }

  // Creates a job, and returns its owner's stream after the first message.
  std::unique_ptr<Stream<Job>> CreateAndWatch(size_t replica = 0) {
    job_ = CreateJob(services_, person_, "watched-" + NewUuid());
    auto stream = Watch(job_.id(), person_.access_token, replica);
    ExpectNext(*stream, Job::PENDING, kLong);
    return stream;
  }

  static void ExpectNext(Stream<Job>& stream, Job::Status status, absl::Duration limit = kSoon) {
    const std::optional<Job> job = stream.Next(limit);
    ASSERT_TRUE(job.has_value()) << stream.EndReason(absl::ZeroDuration());
    EXPECT_EQ(job->status(), status);
  }

  void SetStatus(const std::string& status) {
    database_.Run("UPDATE agent_jobs SET status = '" + status + "' WHERE id = '" + job_.id() + "'");
  }

  Services services_;
  Database database_;
  const Person person_ = services_.SignUp();
  Job job_;
  std::vector<std::unique_ptr<JobService::Stub>> stubs_;
  std::vector<std::unique_ptr<job::v1::WatchJobRequest>> requests_;
};

TEST_F(WatchJob, SendsThePresentStateThenEveryChangeAndEndsWithTheTerminalOne) {
  const auto stream = CreateAndWatch();
  const auto claimed = ClaimJob(services_, job_.workflow_id());
  ExpectNext(*stream, Job::PROCESSING);
  ASSERT_TRUE(Complete(services_, claimed, R"({"answer": 42})").ok());
  const std::optional<Job> last = stream->Next(kSoon);
  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(last->status(), Job::COMPLETED);
  EXPECT_EQ(last->result_payload().struct_value().fields().at("answer").number_value(), 42);
  EXPECT_EQ(stream->EndReason(), "0 ");
  EXPECT_EQ(stream->received(), 3U);

  const auto late = Watch(job_.id(), person_.access_token, 0, job::v1::EXACT);
  const std::optional<Job> only = late->Next();
  ASSERT_TRUE(only.has_value());
  EXPECT_EQ(only->result_json(), R"({"answer": 42})");
  EXPECT_EQ(late->EndReason(), "0 ");
}

TEST_F(WatchJob, ChangesByAnotherReplicaAndByAForeignProgramReachTheWatcher) {
  const auto stream = CreateAndWatch(1);
  const auto claimed = ClaimJob(services_, job_.workflow_id());
  ExpectNext(*stream, Job::PROCESSING);
  SetStatus("pending");
  ExpectNext(*stream, Job::PENDING);
  SetStatus("failed");
  ExpectNext(*stream, Job::FAILED);
  EXPECT_EQ(stream->EndReason(), "0 ");
}

TEST_F(WatchJob, IsForThoseWhoMaySeeTheJob) {
  job_ = CreateJob(services_, person_, "private");
  EXPECT_EQ(Watch(job_.id(), services_.SignUp().access_token)->EndReason(), "7 NOT_YOURS");
  EXPECT_EQ(Watch(NewUuid(), person_.access_token)->EndReason(), "7 NOT_YOURS");
  EXPECT_EQ(Watch(job_.id(), "")->EndReason(), "16 TOKEN_MISSING");
  EXPECT_EQ(Watch("no-id", person_.access_token)->EndReason(), "3 INVALID_FIELDS");
  EXPECT_EQ(Watch(NewUuid(), services_.service_token())->EndReason(), "5 JOB_NOT_FOUND");
  EXPECT_TRUE(Watch(job_.id(), services_.service_token())->Next().has_value());
  EXPECT_TRUE(Watch(job_.id(), services_.CreateSuperuser().access_token)->Next().has_value());
}

TEST_F(WatchJob, EndsWhenTheJobIsDeleted) {
  const auto stream = CreateAndWatch();
  database_.Run("DELETE FROM agent_jobs WHERE id = '" + job_.id() + "'");
  EXPECT_EQ(stream->EndReason(kSoon), "5 JOB_NOT_FOUND");
}

TEST_F(WatchJob, ABanEndsAnIdleStreamWithinASecond) {
  const auto stream = CreateAndWatch();
  database_.Run("UPDATE users SET is_active = false WHERE id = '" + person_.id + "'");
  EXPECT_EQ(stream->EndReason(absl::Milliseconds(1'300)), "16 ACCOUNT_INACTIVE");
}

TEST_F(WatchJob, NothingIsSentAfterABanWithoutANotification) {
  const auto stream = CreateAndWatch();
  database_.Run("SET session_replication_role = replica");  // No triggers in this session.
  database_.Run("UPDATE users SET is_active = false WHERE id = '" + person_.id + "'");
  // Waits until the cached account has expired, because there was no change event.
  EXPECT_TRUE(Eventually(kSoon, [&] {
    return GetJob(services_, person_.access_token, job_.id()).reason() == "ACCOUNT_INACTIVE";
  }));
  database_.Run("SET session_replication_role = origin");
  SetStatus("failed");
  EXPECT_EQ(stream->EndReason(kSoon), "16 ACCOUNT_INACTIVE");
  EXPECT_EQ(stream->received(), 1U);
}

TEST_F(WatchJob, ClientsThatGoAwayLeaveNothingBehind) {
  constexpr int kClients = 50;
  CreateAndWatch().reset();
  for (int i = 1; i < kClients; ++i) {
    const auto stream = Watch(job_.id(), person_.access_token);
    ExpectNext(*stream, Job::PENDING, kLong);
  }
  EXPECT_TRUE(Eventually(kLong, [&] {
    int ended = 0;
    const std::string log = services_.job().log();
    const std::string line = R"("rpc_method":"WatchJob","code":"CANCELLED")";
    for (size_t at = 0; (at = log.find(line, at)) != std::string::npos; ++at) ++ended;
    return ended == kClients;
  }));
  EXPECT_TRUE(Eventually(kLong, [&] { return services_.job().WaitingCalls() == 0; }));
}

TEST_F(WatchJob, AServiceThatStopsEndsItsStreamsAtOnce) {
  const auto stream = CreateAndWatch();
  const absl::Time began = absl::Now();
  services_.job().process().Signal(SIGTERM);
  EXPECT_EQ(stream->EndReason(), "14 SHUTTING_DOWN");
  EXPECT_EQ(services_.job().process().AwaitExit(kLong), 0);
  EXPECT_LT(absl::Now() - began, absl::Seconds(5));
}

TEST_F(WatchJob, NoChangeIsMissedWhileTheListenersConnectionIsLost) {
  const auto stream = CreateAndWatch();
  // The change is committed without a notification, before the listener reconnects.
  database_.Run("SET session_replication_role = replica");
  database_.Run(
      "WITH ended AS (SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
      "WHERE application_name = 'job_service_listener') "
      "UPDATE agent_jobs SET status = 'processing' WHERE id = '" +
      job_.id() + "' AND (SELECT count FROM ended) > 0");
  ExpectNext(*stream, Job::PROCESSING, absl::Seconds(10));
}

class WatchJobWithPolls : public WatchJob {
 protected:
  WatchJobWithPolls()
      : WatchJob({.user_flags = {"--access_token_ttl=5s"}, .job_flags = {"--poll_interval=1s"}}) {}
  void TearDown() override { StartPostgres(); }
};

TEST_F(WatchJobWithPolls, AChangeOfWhichNobodyWasNotifiedIsSeenWithinThePollInterval) {
  const auto stream = CreateAndWatch();
  database_.Run("SET session_replication_role = replica");
  SetStatus("completed");
  ExpectNext(*stream, Job::COMPLETED, absl::Milliseconds(1'500));
}

TEST_F(WatchJobWithPolls, AStreamEndsWhenItsTokenExpires) {
  const auto stream = CreateAndWatch();
  EXPECT_EQ(stream->EndReason(absl::Seconds(7)), "16 TOKEN_EXPIRED");
}

TEST_F(WatchJobWithPolls, AStreamOutlastsTheDatabase) {
  job_ = CreateJob(services_, person_, "outage");
  const auto stream = Watch(job_.id(), services_.service_token());
  ExpectNext(*stream, Job::PENDING, kLong);
  for (int round = 0; round < 2; ++round) {
    StopPostgres();
    EXPECT_TRUE(Eventually(kLong, [&] { return !services_.job().IsReady(); }));
    StartPostgres();
    Database().Run("UPDATE agent_jobs SET status = '" +
                   std::string(round == 0 ? "processing" : "failed") + "' WHERE id = '" +
                   job_.id() + "'");
    ExpectNext(*stream, round == 0 ? Job::PROCESSING : Job::FAILED, kLong);
  }
  EXPECT_EQ(stream->EndReason(), "0 ");
}

TEST_F(WatchJobWithPolls, PollsDoNotReadALargeResultAgain) {
  job_ = CreateJob(services_, person_, "large");
  const auto stream = Watch(job_.id(), services_.service_token());
  ExpectNext(*stream, Job::PENDING, kLong);
  database_.Run(
      "UPDATE agent_jobs SET status = 'processing', result_payload = (SELECT to_jsonb(string_agg("
      "md5(n::text), '')) FROM generate_series(1, 30000) AS n) WHERE id = '" +
      job_.id() + "'");
  ExpectNext(*stream, Job::PROCESSING, kLong);
  const auto count = [this](const char* counters) {
    return std::stoll(
        database_.One(std::string("SELECT ") + counters + " WHERE relname = 'agent_jobs'"));
  };
  const auto await_looks = [&](int looks) {
    constexpr char kLooks[] = "idx_scan FROM pg_stat_user_tables";
    const auto before = count(kLooks);
    return Eventually(absl::Seconds(60), [&] { return count(kLooks) >= before + looks; });
  };
  ASSERT_TRUE(await_looks(20));
  constexpr char kBlocks[] = "toast_blks_hit + toast_blks_read FROM pg_statio_user_tables";
  const auto before = count(kBlocks);
  ASSERT_TRUE(await_looks(100));
  // Reading it once takes some hundred blocks, and there were many polls.
  EXPECT_LT(count(kBlocks) - before, 1'000);
  // The stream was open all the time.
  database_.Run("UPDATE agent_jobs SET status = 'failed' WHERE id = '" + job_.id() + "'");
  ExpectNext(*stream, Job::FAILED, kLong);
}

}  // namespace
}  // namespace vibestack::e2e

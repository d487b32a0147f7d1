// Notifications get lost, in each possible way. Waiting calls get the change within the poll
// interval, and the next change at once.
#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <map>

#include "tests/support/database.h"
#include "tests/support/database_proxy.h"
#include "tests/support/stream.h"
#include "tests/support/walk.h"

namespace vibestack::e2e {
namespace {

using job::v1::Job;
using job::v1::WatchJobsResponse;
using testing::Each;
using testing::Lt;
using testing::Pair;

constexpr absl::Duration kPoll = absl::Seconds(4);
// Less than the minimum time between two polls of a stream, which is half of the poll interval.
constexpr absl::Duration kAtOnce = absl::Milliseconds(1'500);
constexpr absl::Duration kLong = absl::Seconds(40);

class LostNotifications : public testing::Test {
 protected:
  // The delay between a change and its arrival, by kind of waiting call.
  using Delays = std::map<std::string, absl::Duration>;
  // Completes the claimed job, and creates a job of the workflow `made`.
  using Change = std::function<void(const job::v1::ClaimedJob& claimed, const std::string& made)>;

  // Makes the change on another replica than the one where the calls wait.
  Change ByAnotherReplica() {
    return [this](const job::v1::ClaimedJob& claimed, const std::string& made) {
      const auto other = JobService::NewStub(services_.job(1).channel());
      job::v1::CompleteJobRequest complete;
      complete.set_id(claimed.job().id());
      complete.set_lease_token(claimed.lease_token());
      complete.set_result_json("1");
      const With with{.token = services_.service_token()};
      EXPECT_TRUE(Call(*other, &JobService::Stub::CompleteJob, complete, with).ok());
      job::v1::CreateJobRequest create;
      create.set_workflow_id(made);
      create.set_user_id(person_.id);
      EXPECT_TRUE(Call(*other, &JobService::Stub::CreateJob, create, with).ok());
    };
  }
  // Makes the change with SQL, as a foreign program does.
  static Change ByAForeignProgram() {
    return [](const job::v1::ClaimedJob& claimed, const std::string& made) {
      Database database;
      database.Run("UPDATE agent_jobs SET status = 'completed' WHERE id = '" + claimed.job().id() +
                   "'");
      database.Run("INSERT INTO agent_jobs (id, workflow_id) VALUES (gen_random_uuid(), '" + made +
                   "')");
    };
  }

  // Makes the change while four calls wait on the first replica, and returns their delays. `lose`
  // runs right before the change.
  Delays Hear(
      const Change& change, const std::function<void()>& lose = [] {}) {
    const auto claimed = CreateAndClaim(services_, person_);
    const std::string made = "made-" + NewUuid();
    std::map<std::string, std::future<absl::Time>> heard;
    heard["WaitJob"] = std::async(std::launch::async, [&] { return WaitJob(claimed); });
    heard["ClaimJobs"] = std::async(std::launch::async, [&] { return ClaimJobs(made); });
    heard["WatchJob"] = std::async(std::launch::async, [&] { return WatchJob(claimed); });
    heard["WatchJobs"] = std::async(std::launch::async, [&] { return WatchJobs(claimed); });
    EXPECT_TRUE(Eventually(kLong, [&] { return watching_ == 2; }));
    EXPECT_TRUE(Eventually(kLong, [&] { return services_.job(0).WaitingCalls() >= 4; }));
    lose();
    const absl::Time changed = absl::Now();
    change(claimed, made);
    Delays delays;
    for (auto& [kind, time] : heard) delays[kind] = time.get() - changed;
    watching_ = 0;
    return delays;
  }

  void ExpectAtOnce(const Change& change) {
    EXPECT_THAT(Hear(change), Each(Pair(testing::_, Lt(kAtOnce))));
  }
  void ExpectWithinThePoll(const Change& change, const std::function<void()>& lose) {
    EXPECT_THAT(Hear(change, lose), Each(Pair(testing::_, Lt(kPoll + kAtOnce))));
  }
  bool IsAtOnce(const Delays& delays) {
    for (const auto& [kind, delay] : delays) {
      if (delay >= kAtOnce) return false;
    }
    return true;
  }

  DatabaseProxy proxy_;
  Services services_{
      {.job_flags = {"--poll_interval=4s"}, .job_replicas = 2, .database_url = proxy_.url()}};
  const Person person_ = services_.SignUp();

 private:
  absl::Time WaitJob(const job::v1::ClaimedJob& claimed) {
    job::v1::WaitJobRequest request;
    request.set_id(claimed.job().id());
    const auto job = Call(services_.jobs(), &JobService::Stub::WaitJob, request,
                          {.token = person_.access_token});
    EXPECT_EQ(job.value.status(), Job::COMPLETED);
    return absl::Now();
  }
  absl::Time ClaimJobs(const std::string& workflow_id) {
    job::v1::ClaimJobsRequest request;
    request.add_workflow_ids(workflow_id);
    request.mutable_wait()->set_seconds(20);
    const auto jobs = Call(services_.jobs(), &JobService::Stub::ClaimJobs, request,
                           {.token = services_.service_token()});
    EXPECT_EQ(jobs.value.jobs_size(), 1);
    return absl::Now();
  }
  absl::Time WatchJob(const job::v1::ClaimedJob& claimed) {
    job::v1::WatchJobRequest request;
    request.set_id(claimed.job().id());
    Stream<Job> stream(
        [&](grpc::ClientContext* context, grpc::ClientReadReactor<Job>* reader) {
          services_.jobs().async()->WatchJob(context, &request, reader);
        },
        {.token = person_.access_token});
    EXPECT_EQ(stream.Next().value_or(Job()).status(), Job::PROCESSING);
    ++watching_;
    EXPECT_EQ(stream.Next().value_or(Job()).status(), Job::COMPLETED);
    return absl::Now();
  }
  absl::Time WatchJobs(const job::v1::ClaimedJob& claimed) {
    job::v1::WatchJobsRequest request;
    request.set_workflow_id(claimed.job().workflow_id());
    Stream<WatchJobsResponse> stream(
        [&](grpc::ClientContext* context, grpc::ClientReadReactor<WatchJobsResponse>* reader) {
          services_.jobs().async()->WatchJobs(context, &request, reader);
        },
        {.token = person_.access_token});
    bool caught_up = false;
    while (const auto message = stream.Next()) {
      if (message->caught_up() && !caught_up) {
        caught_up = true;
        ++watching_;
      }
      for (const Job& job : message->jobs()) {
        if (job.status() == Job::COMPLETED) return absl::Now();
      }
    }
    ADD_FAILURE() << "the watcher of many jobs heard nothing";
    return absl::InfiniteFuture();
  }

  std::atomic<int> watching_ = 0;
};

TEST_F(LostNotifications, TheListenersBackendIsKilled) {
  ExpectAtOnce(ByAnotherReplica());
  ExpectWithinThePoll(ByAnotherReplica(), [] {
    const auto ended = Database().Run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'job_service_listener'");
    EXPECT_EQ(ended.size(), 2U);
  });
  ExpectAtOnce(ByAnotherReplica());
}

TEST_F(LostNotifications, TheListenersSocketIsHalfOpen) {
  ExpectAtOnce(ByAnotherReplica());
  ExpectWithinThePoll(ByAnotherReplica(),
                      [this] { EXPECT_EQ(proxy_.Silence("job_service_listener"), 2); });
  // Waits until both replicas have noticed the lost connection.
  EXPECT_TRUE(Eventually(kLong, [this] { return IsAtOnce(Hear(ByAnotherReplica())); }));
  ExpectAtOnce(ByAnotherReplica());
  ExpectAtOnce(ByAForeignProgram());
}

TEST_F(LostNotifications, NotificationsAreNeverDelivered) {
  ExpectAtOnce(ByAnotherReplica());
  ExpectWithinThePoll(ByAnotherReplica(), [this] { proxy_.SwallowNotifications(true); });
  EXPECT_GT(proxy_.swallowed(), 0);
  proxy_.SwallowNotifications(false);
  ExpectAtOnce(ByAnotherReplica());
}

TEST_F(LostNotifications, TheTriggersAreGone) {
  const auto set_triggers = [](const std::string& how) {
    for (const char* kind : {"insert", "update", "delete"}) {
      Database().Run("ALTER TABLE agent_jobs " + how + " TRIGGER vibestack_notify_" + kind);
    }
  };
  ExpectAtOnce(ByAForeignProgram());
  ExpectWithinThePoll(ByAForeignProgram(), [&] { set_triggers("DISABLE"); });
  set_triggers("ENABLE");
  ExpectAtOnce(ByAForeignProgram());
}

}  // namespace
}  // namespace vibestack::e2e

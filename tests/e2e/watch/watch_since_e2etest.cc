// WatchJobs with `since`: a client that watches again misses no job, whatever its stream missed.
#include <gmock/gmock.h>

#include <map>
#include <set>

#include "tests/support/database.h"
#include "tests/support/database_proxy.h"
#include "tests/support/stream.h"
#include "tests/support/walk.h"

namespace vibestack::e2e {
namespace {

using job::v1::Job;
using job::v1::WatchJobsRequest;
using job::v1::WatchJobsResponse;

constexpr absl::Duration kLong = absl::Seconds(40);

class WatchSince : public testing::Test {
 protected:
  using Watch = Stream<WatchJobsResponse>;

  std::unique_ptr<Watch> Open(const std::string& token, const std::string& since = "",
                              int heartbeat_seconds = 0) {
    requests_.push_back(std::make_unique<WatchJobsRequest>());
    WatchJobsRequest& request = *requests_.back();
    request.set_since(since);
    if (heartbeat_seconds > 0) request.mutable_heartbeat()->set_seconds(heartbeat_seconds);
    return std::make_unique<Watch>(
        [&](grpc::ClientContext* context, grpc::ClientReadReactor<WatchJobsResponse>* reader) {
          services_.jobs().async()->WatchJobs(context, &request, reader);
        },
        With{.token = token, .timeout = absl::Minutes(3)});
  }

  // The jobs that the stream sends up to `caught_up`, and the message with it.
  struct Start {
    std::map<std::string, Job::Status> jobs;
    WatchJobsResponse caught_up;
  };
  static Start CatchUp(Watch& watch) {
    Start start;
    while (const auto message = watch.Next()) {
      for (const Job& job : message->jobs()) start.jobs[job.id()] = job.status();
      start.caught_up = *message;
      if (message->caught_up()) return start;
    }
    ADD_FAILURE() << "never caught up: " << watch.EndReason(absl::ZeroDuration());
    return start;
  }

  // Inserts a job that has ended. No trigger runs, so no stream hears of it.
  std::string EndedUnheard(const std::string& user_id, const std::string& status) {
    Database database;
    database.Run("SET session_replication_role = replica");
    return database.One(
        "INSERT INTO agent_jobs (id, user_id, workflow_id, status) VALUES (gen_random_uuid(), '" +
        user_id + "', 'w', '" + status + "') RETURNING id");
  }

  DatabaseProxy proxy_;
  Services services_{{.job_flags = {"--poll_interval=1h"}, .database_url = proxy_.url()}};
  const Person person_ = services_.SignUp();
  const Person other_ = services_.SignUp();

 private:
  std::vector<std::unique_ptr<WatchJobsRequest>> requests_;
};

TEST_F(WatchSince, JobsThatBeganAndEndedUnheardArriveBeforeCaughtUp) {
  const Job open = CreateJob(services_, person_, "w");
  std::string cursor;
  {
    const auto watch = Open(person_.access_token);
    const Start start = CatchUp(*watch);
    EXPECT_EQ(start.jobs.size(), 1U);
    cursor = start.caught_up.cursor();
    ASSERT_NE(cursor, "");
    EXPECT_FALSE(start.caught_up.changes_missed());
  }
  const std::string completed = EndedUnheard(person_.id, "completed");
  const std::string failed = EndedUnheard(person_.id, "failed");
  const std::string of_other = EndedUnheard(other_.id, "completed");
  EXPECT_EQ(CatchUp(*Open(person_.access_token)).jobs.size(), 1U) << "without since";
  const Start again = CatchUp(*Open(person_.access_token, cursor));
  const std::map<std::string, Job::Status> expected = {
      {open.id(), Job::PENDING}, {completed, Job::COMPLETED}, {failed, Job::FAILED}};
  EXPECT_EQ(again.jobs, expected);
  EXPECT_FALSE(again.caught_up.changes_missed());
  EXPECT_GE(std::stoll(again.caught_up.cursor()), std::stoll(cursor));
  const Start of_all = CatchUp(*Open(services_.service_token(), cursor));
  EXPECT_TRUE(of_all.jobs.contains(of_other));
}

TEST_F(WatchSince, EveryMessageAfterCaughtUpHasACursorThatCoversIt) {
  const auto watch = Open(person_.access_token);
  CatchUp(*watch);
  const Job job = CreateJob(services_, person_, "w");
  const auto message = watch->Next();
  ASSERT_TRUE(message.has_value());
  ASSERT_EQ(message->jobs_size(), 1);
  EXPECT_EQ(message->jobs(0).id(), job.id());
  ASSERT_NE(message->cursor(), "");
  EXPECT_EQ(CatchUp(*Open(person_.access_token, message->cursor())).jobs.count(job.id()), 1U);
}

TEST_F(WatchSince, ATextThatIsNoCursorIsRefused) {
  for (const std::string since : {"yesterday", "-1", "1e9", "99999999999999999999"}) {
    const auto watch = Open(person_.access_token, since);
    const auto status = watch->End();
    ASSERT_TRUE(status.has_value());
    EXPECT_EQ(BadFields(*status), std::set<std::string>{"since"}) << since;
  }
}

TEST_F(WatchSince, HeartbeatsStopWhileChangesCannotBeHeard) {
  const auto watch = Open(person_.access_token, "", 1);
  CatchUp(*watch);
  ASSERT_TRUE(watch->Next().has_value());
  EXPECT_GT(proxy_.Silence("job_service_listener"), 0);
  EXPECT_GT(proxy_.Silence("job_service"), 0);
  // Heartbeats that come every second have stopped when none comes for more than two seconds.
  EXPECT_TRUE(
      Eventually(kLong, [&] { return !watch->Next(absl::Milliseconds(2'500)).has_value(); }));
  EXPECT_FALSE(watch->ended());
  // The service opens new connections, and goes on.
  EXPECT_TRUE(watch->Next(kLong).has_value());
}

}  // namespace
}  // namespace vibestack::e2e

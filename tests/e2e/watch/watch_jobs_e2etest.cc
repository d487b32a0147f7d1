// WatchJobs: a watcher of many jobs learns the state of each job as it is in the database.
#include <gmock/gmock.h>

#include <map>
#include <set>

#include "tests/support/database.h"
#include "tests/support/load.h"
#include "tests/support/stream.h"
#include "tests/support/walk.h"

namespace vibestack::e2e {
namespace {

using job::v1::Job;
using job::v1::WatchJobsRequest;
using job::v1::WatchJobsResponse;

constexpr absl::Duration kLong = absl::Seconds(40);

// A watcher, and the jobs as its messages describe them.
class Watcher {
 public:
  Watcher(Service& service, const std::string& token, WatchJobsRequest request = {})
      : stub_(JobService::NewStub(service.channel())),
        request_(std::move(request)),
        stream_(
            [this](grpc::ClientContext* context,
                   grpc::ClientReadReactor<WatchJobsResponse>* reader) {
              stub_->async()->WatchJobs(context, &request_, reader);
            },
            With{.token = token, .timeout = absl::Minutes(3)}) {}

  // Reads messages until the condition is true. Returns false after `limit`.
  bool Learns(const std::function<bool(const Watcher&)>& condition, absl::Duration limit = kLong) {
    const absl::Time end = absl::Now() + limit;
    while (!condition(*this)) {
      const std::optional<WatchJobsResponse> message = stream_.Next(end - absl::Now());
      if (!message.has_value()) return false;
      Take(*message);
    }
    return true;
  }
  bool CatchesUp() {
    return Learns([](const Watcher& watcher) { return watcher.caught_up_; });
  }
  bool LearnsStatus(const std::string& id, Job::Status status, absl::Duration limit = kLong) {
    return Learns([&](const Watcher& watcher) { return watcher.Knows(id) == status; }, limit);
  }

  Job::Status Knows(const std::string& id) const {
    const auto it = jobs_.find(id);
    return it == jobs_.end() ? Job::STATUS_UNSPECIFIED : it->second.status();
  }
  const std::map<std::string, Job>& jobs() const { return jobs_; }
  const std::set<std::string>& deleted() const { return deleted_; }
  std::string EndReason(absl::Duration limit = kLong) { return stream_.EndReason(limit); }

 private:
  static std::pair<int64_t, int32_t> UpdatedAt(const Job& job) {
    return {job.updated_at().seconds(), job.updated_at().nanos()};
  }

  void Take(const WatchJobsResponse& message) {
    for (const Job& job : message.jobs()) {
      const auto known = jobs_.find(job.id());
      if (known != jobs_.end()) {
        EXPECT_LE(UpdatedAt(known->second), UpdatedAt(job));
      }
      jobs_[job.id()] = job;
    }
    for (const std::string& id : message.deleted_ids()) {
      jobs_.erase(id);
      deleted_.insert(id);
    }
    caught_up_ = caught_up_ || message.caught_up();
  }

  std::unique_ptr<JobService::Stub> stub_;
  const WatchJobsRequest request_;
  std::map<std::string, Job> jobs_;
  std::set<std::string> deleted_;
  bool caught_up_ = false;
  Stream<WatchJobsResponse> stream_;
};

class WatchJobs : public testing::Test {
 protected:
  static Services::Options WithoutPolls() {
    return {.job_flags = {"--poll_interval=1h"}, .job_replicas = 2};
  }
  explicit WatchJobs(Services::Options options = WithoutPolls()) : services_(std::move(options)) {}
  void TearDown() override { StartPostgres(); }

  static WatchJobsRequest OfWorkflow(const std::string& workflow_id) {
    WatchJobsRequest request;
    request.set_workflow_id(workflow_id);
    return request;
  }
  static WatchJobsRequest OfUser(const std::string& user_id) {
    WatchJobsRequest request;
    request.set_user_id(user_id);
    return request;
  }
  void SetStatus(const std::string& id, const std::string& status) {
    Database().Run("UPDATE agent_jobs SET status = '" + status + "' WHERE id = '" + id + "'");
  }

  Services services_;
  const Person person_ = services_.SignUp();
};

TEST_F(WatchJobs, BeginsWithTheOpenJobsAndSendsEveryChange) {
  const Job pending = CreateJob(services_, person_, "w");
  const auto processing = CreateAndClaim(services_, person_);
  const auto ended = CreateAndClaim(services_, person_);
  ASSERT_TRUE(Complete(services_, ended, "1").ok());
  CreateJob(services_, services_.SignUp(), "w");

  Watcher watcher(services_.job(1), person_.access_token);
  ASSERT_TRUE(watcher.CatchesUp());
  EXPECT_EQ(watcher.jobs().size(), 2U);
  EXPECT_EQ(watcher.Knows(pending.id()), Job::PENDING);
  EXPECT_EQ(watcher.Knows(processing.job().id()), Job::PROCESSING);

  const Job created = CreateJob(services_, person_, "new");
  EXPECT_TRUE(watcher.LearnsStatus(created.id(), Job::PENDING));
  const auto claimed = ClaimJob(services_, "new");
  EXPECT_TRUE(watcher.LearnsStatus(created.id(), Job::PROCESSING));
  ASSERT_TRUE(Complete(services_, claimed, R"("secret of the result")").ok());
  EXPECT_TRUE(watcher.LearnsStatus(created.id(), Job::COMPLETED));
  EXPECT_FALSE(watcher.jobs().at(created.id()).has_result_payload());
  SetStatus(pending.id(), "failed");
  EXPECT_TRUE(watcher.LearnsStatus(pending.id(), Job::FAILED));
  EXPECT_EQ(watcher.jobs().size(), 3U) << "nobody else's";
}

TEST_F(WatchJobs, ManyOpenJobsAreAllSent) {
  Database database;
  database.Run("INSERT INTO agent_jobs (id, user_id, workflow_id) SELECT gen_random_uuid(), '" +
               person_.id + "', 'many' FROM generate_series(1, 2500)");
  Watcher watcher(services_.job(), person_.access_token);
  ASSERT_TRUE(watcher.CatchesUp());
  EXPECT_EQ(watcher.jobs().size(), 2'500U);
}

TEST_F(WatchJobs, FiltersAndPermissionsApplyToLaterChanges) {
  const Person other = services_.SignUp();
  const Person superuser = services_.CreateSuperuser();
  Watcher everything(services_.job(), superuser.access_token);
  Watcher of_other(services_.job(), services_.service_token(), OfUser(other.id));
  Watcher of_workflow(services_.job(), services_.service_token(), OfWorkflow("chosen"));
  Watcher of_both(services_.job(), other.access_token, OfWorkflow("chosen"));
  for (Watcher* watcher : {&everything, &of_other, &of_workflow, &of_both}) {
    ASSERT_TRUE(watcher->CatchesUp());
  }
  const Job mine = CreateJob(services_, person_, "chosen");
  const Job theirs = CreateJob(services_, other, "else");
  const Job last = CreateJob(services_, other, "chosen");
  for (Watcher* watcher : {&everything, &of_other, &of_workflow, &of_both}) {
    EXPECT_TRUE(watcher->LearnsStatus(last.id(), Job::PENDING));
  }
  EXPECT_EQ(everything.Knows(mine.id()), Job::PENDING);
  EXPECT_EQ(everything.Knows(theirs.id()), Job::PENDING);
  EXPECT_EQ(of_other.jobs().size(), 2U);
  EXPECT_EQ(of_other.Knows(theirs.id()), Job::PENDING);
  EXPECT_EQ(of_workflow.Knows(theirs.id()), Job::STATUS_UNSPECIFIED);
  EXPECT_EQ(of_workflow.Knows(mine.id()), Job::PENDING);
  EXPECT_EQ(of_both.jobs().size(), 1U);

  EXPECT_EQ(Watcher(services_.job(), person_.access_token, OfUser(other.id)).EndReason(),
            "7 NOT_YOURS");
  EXPECT_EQ(Watcher(services_.job(), person_.access_token, OfUser("x")).EndReason(),
            "3 INVALID_FIELDS");
  EXPECT_EQ(Watcher(services_.job(), services_.service_token(), OfUser("me")).EndReason(),
            "3 INVALID_FIELDS");
}

TEST_F(WatchJobs, DeletionsAreSentToTheirOwnerOnly) {
  const Person other = services_.SignUp();
  Watcher owner(services_.job(), person_.access_token, OfUser("me"));
  Watcher stranger(services_.job(), other.access_token);
  ASSERT_TRUE(owner.CatchesUp());
  ASSERT_TRUE(stranger.CatchesUp());
  const Job job = CreateJob(services_, person_, "w");
  EXPECT_TRUE(owner.LearnsStatus(job.id(), Job::PENDING));
  Database().Run("DELETE FROM agent_jobs WHERE id = '" + job.id() + "'");
  EXPECT_TRUE(owner.Learns([&](const Watcher& w) { return w.deleted().contains(job.id()); }));
  const Job marker = CreateJob(services_, other, "w");
  EXPECT_TRUE(stranger.LearnsStatus(marker.id(), Job::PENDING));
  EXPECT_TRUE(stranger.deleted().empty());
}

TEST_F(WatchJobs, ResultsAreSentOnRequest) {
  WatchJobsRequest request;
  request.set_view(job::v1::EXACT);
  Watcher watcher(services_.job(), person_.access_token, request);
  ASSERT_TRUE(watcher.CatchesUp());
  const auto claimed = CreateAndClaim(services_, person_);
  ASSERT_TRUE(Complete(services_, claimed, "1.50").ok());
  EXPECT_TRUE(watcher.LearnsStatus(claimed.job().id(), Job::COMPLETED));
  EXPECT_EQ(watcher.jobs().at(claimed.job().id()).result_json(), "1.50");
}

TEST_F(WatchJobs, ADemotedSuperuserSeesNobodyElsesJobsAnyMore) {
  const Person superuser = services_.CreateSuperuser();
  Watcher watcher(services_.job(), superuser.access_token);
  ASSERT_TRUE(watcher.CatchesUp());
  Database().Run("UPDATE users SET is_superuser = false WHERE id = '" + superuser.id + "'");
  EXPECT_EQ(watcher.EndReason(absl::Milliseconds(1'300)), "7 NOT_YOURS");
}

TEST_F(WatchJobs, AWatchOutlastsTheDatabaseAndMissesNoChange) {
  Watcher watcher(services_.job(), services_.service_token(), OfUser(person_.id));
  ASSERT_TRUE(watcher.CatchesUp());
  const Job job = CreateJob(services_, person_, "w");
  EXPECT_TRUE(watcher.LearnsStatus(job.id(), Job::PENDING));
  StopPostgres();
  EXPECT_TRUE(Eventually(kLong, [&] { return !services_.job().IsReady(); }));
  StartPostgres();
  SetStatus(job.id(), "processing");
  EXPECT_TRUE(watcher.LearnsStatus(job.id(), Job::PROCESSING));
}

TEST_F(WatchJobs, NoChangeIsMissedWhileTheListenersConnectionIsLost) {
  Watcher watcher(services_.job(), services_.service_token(), OfUser(person_.id));
  ASSERT_TRUE(watcher.CatchesUp());
  Database database;
  // This session runs no triggers: a job is created and ends without a notification.
  database.Run("SET session_replication_role = replica");
  const std::string id = database.One(
      "WITH ended AS (SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
      "WHERE application_name = 'job_service_listener') "
      "INSERT INTO agent_jobs (id, user_id, workflow_id, status) SELECT gen_random_uuid(), '" +
      person_.id + "', 'w', 'completed' FROM ended RETURNING id");
  EXPECT_TRUE(watcher.LearnsStatus(id, Job::COMPLETED, absl::Seconds(10)));
}

class WatchJobsWithPolls : public WatchJobs {
 protected:
  WatchJobsWithPolls() : WatchJobs({.job_flags = {"--poll_interval=1s"}, .job_replicas = 2}) {}
};

TEST_F(WatchJobsWithPolls, AChangeWithoutANotificationIsSentWithinThePollInterval) {
  Watcher watcher(services_.job(), person_.access_token);
  ASSERT_TRUE(watcher.CatchesUp());
  const Job job = CreateJob(services_, person_, "w");
  ASSERT_TRUE(watcher.LearnsStatus(job.id(), Job::PENDING));
  Database database;
  database.Run("SET session_replication_role = replica");
  database.Run(
      "UPDATE agent_jobs SET status = 'completed', updated_at = clock_timestamp() "
      "WHERE id = '" +
      job.id() + "'");
  EXPECT_TRUE(watcher.LearnsStatus(job.id(), Job::COMPLETED, absl::Seconds(2)));
}

TEST_F(WatchJobsWithPolls, UnderLoadAndLostConnectionsAWatcherEndsWithWhatTheDatabaseHas) {
  Watcher watcher(services_.job(1), services_.service_token(), OfUser(person_.id));
  ASSERT_TRUE(watcher.CatchesUp());
  Ledger creates;
  Load load(4, CreatesJobs(services_, person_, "load", creates, false, 4));
  Database database;
  for (int round = 0; round < 5; ++round) {
    const size_t before = creates.acknowledgements();
    EXPECT_TRUE(Eventually(kLong, [&] { return creates.acknowledgements() > before + 200; }));
    database.Run(
        "UPDATE agent_jobs SET status = 'processing' WHERE status = 'pending' "
        "AND workflow_id = 'load' AND abs(hashtext(id::text)) % 3 = 0");
    database.Run(
        "UPDATE agent_jobs SET status = 'completed' WHERE status = 'processing' "
        "AND workflow_id = 'load' AND abs(hashtext(id::text)) % 2 = 0");
    database.Run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND application_name LIKE 'job_service%'");
  }
  load.Stop();
  const auto rows =
      database.Run("SELECT id, upper(status) FROM agent_jobs WHERE user_id = '" + person_.id + "'");
  EXPECT_TRUE(watcher.Learns([&](const Watcher& w) {
    for (const auto& row : rows) {
      if (Job::Status_Name(w.Knows(*row[0])) != *row[1]) return false;
    }
    return true;
  }));
  EXPECT_EQ(watcher.jobs().size(), rows.size());
}

}  // namespace
}  // namespace vibestack::e2e

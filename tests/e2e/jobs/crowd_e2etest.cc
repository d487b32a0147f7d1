// Twenty replicas with their workers and sweepers on one database, while processes of every kind
// are killed: each job ends exactly once.
#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <map>
#include <sstream>

#include "tests/support/database.h"
#include "tests/support/load.h"

namespace vibestack::e2e {
namespace {

using testing::IsEmpty;

constexpr int kReplicas = 20;
constexpr int kJobs = 5'000;
constexpr int kRounds = 4;
constexpr absl::Duration kLong = absl::Seconds(60);

class Crowd : public testing::Test {
 protected:
  Crowd() {
    for (int i = 0; i < kReplicas; ++i) {
      StartWorker(i);
      creators_.push_back(JobService::NewStub(Connect(services_.job(i).address())));
    }
  }

  // Starts a worker, and kills the previous one of this index.
  void StartWorker(int place) {
    workers_.resize(kReplicas);
    workers_[place] = std::make_unique<Process>(Process::Options{
        .program = RequiredEnvironment("VIBESTACK_E2E_WORKER"),
        .arguments = {services_.job(place).address(), services_.directory() + "/service.token",
                      workflow_, ledger_, "worker" + std::to_string(started_)},
        .output = services_.directory() + "/worker" + std::to_string(started_)});
    ++started_;
  }

  // A step that creates jobs while fewer than `wanted_` are acknowledged.
  std::function<void(int)> Creates() {
    return [this](int thread) {
      const auto is_short = [this] { return creates_.acknowledgements() < wanted_; };
      if (!Eventually(absl::Milliseconds(100), is_short)) return;
      job::v1::BatchCreateJobsRequest request;
      for (int i = 0; i < 10; ++i) {
        request.add_requests()->set_id(NewUuid());
        request.mutable_requests(i)->set_workflow_id(workflow_);
      }
      const auto made = Call(*creators_[thread], &JobService::Stub::BatchCreateJobs, request,
                             {.token = person_.access_token, .transport_may_fail = true});
      if (!made.ok()) creates_.Refuse(made.status);
      for (const auto& job : made.value.jobs()) creates_.Acknowledge(job.id());
    };
  }

  int Completed() { return std::stoi(OneWhenUp(Count("status = 'completed'"))); }
  std::string Count(const std::string& where) const {
    return "SELECT count(*) FROM agent_jobs WHERE workflow_id = '" + workflow_ + "' AND " + where;
  }
  // Waits until `jobs` more jobs are completed, or all that are wanted.
  void AwaitProgress(int jobs) {
    const int enough = std::min(static_cast<int>(wanted_), Completed() + jobs);
    ASSERT_TRUE(Eventually(kLong, [&] { return Completed() >= enough; }));
  }

  // Sends SIGKILL to the PostgreSQL backend of a replica. PostgreSQL then ends all other backends
  // and recovers.
  static void KillABackend() {
    const std::string pid = OneWhenUp(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'job_service' "
        "ORDER BY state_change DESC LIMIT 1");
    kill(std::stoi(pid), SIGKILL);
  }

  // The results that were acknowledged to some worker, by job.
  std::map<std::string, std::set<std::string>> Acknowledged() const {
    std::map<std::string, std::set<std::string>> results;
    std::istringstream lines(ReadFile(ledger_));
    std::string what;
    std::string id;
    while (lines >> what >> id) {
      std::string result;
      if (what == "done" && lines >> result) results[id].insert(result);
    }
    return results;
  }

  Services services_{{.job_flags = {"--lease_duration=2s", "--sweep_interval=100ms",
                                    "--database_connections=3", "--log_level=warning"},
                      .job_replicas = kReplicas}};
  const Person person_ = services_.SignUp();
  const std::string workflow_ = "crowd-" + NewUuid();
  const std::string ledger_ = services_.directory() + "/ledger";
  int started_ = 0;
  std::vector<std::unique_ptr<Process>> workers_;
  std::vector<std::unique_ptr<JobService::Stub>> creators_;
  Ledger creates_;
  std::atomic<size_t> wanted_ = 0;
};

TEST_F(Crowd, FiveThousandJobsEndExactlyOnceWhateverIsKilled) {
  Load load(4, Creates());
  for (int round = 0; round < kRounds; ++round) {
    wanted_ += kJobs / kRounds;
    AwaitProgress(kJobs / 10);
    for (const int place : {round, 10 + round}) {
      workers_[place]->Kill();
      StartWorker(place);
    }
    services_.job(5 + round).process().Kill();
    services_.job(5 + round).Start();
    AwaitProgress(kJobs / 10);
    KillABackend();
  }
  ASSERT_TRUE(Eventually(kLong, [this] { return creates_.acknowledgements() >= kJobs; }));
  load.Stop();
  EXPECT_THAT(creates_.others(), IsEmpty());
  EXPECT_TRUE(Eventually(kLong, [this] {
    return OneWhenUp(Count("status <> 'completed'")) == "0";
  })) << OneWhenUp(Count("status <> 'completed'"));
  for (auto& worker : workers_) worker->Kill();

  std::map<std::string, std::string> stored;
  for (const auto& row : Database().Run("SELECT id, result_payload #>> '{}' FROM agent_jobs "
                                        "WHERE workflow_id = '" +
                                        workflow_ + "'")) {
    stored[*row[0]] = *row[1];
  }
  for (const std::string& id : creates_.acknowledged()) EXPECT_TRUE(stored.contains(id)) << id;
  size_t acknowledged = 0;
  for (const auto& [id, results] : Acknowledged()) {
    EXPECT_THAT(results, testing::ElementsAre(stored[id])) << id;
    acknowledged += results.size();
  }
  // Not all jobs: the last acknowledgements of a killed worker or service may be lost.
  EXPECT_GT(acknowledged, stored.size() * 9 / 10);
  std::printf("%zu jobs ended once, %zu of them as acknowledged to a worker\n", stored.size(),
              acknowledged);
}

}  // namespace
}  // namespace vibestack::e2e

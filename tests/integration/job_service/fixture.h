#ifndef VIBESTACK_TESTS_INTEGRATION_JOB_SERVICE_FIXTURE_H_
#define VIBESTACK_TESTS_INTEGRATION_JOB_SERVICE_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <pqxx/pqxx>
#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/async/sync_wait.h"
#include "common/base/error.h"
#include "common/base/uuid.h"
#include "common/db/pool.h"
#include "common/telemetry/metrics.h"
#include "job_service/domain/job_error.h"
#include "job_service/store/change_store.h"
#include "job_service/store/job_stores.h"
#include "job_service/store/session_options.h"
#include "tests/support/environment.h"

namespace vibestack::job_service {

// Records what the stores publish. Thread-safe.
class RecordingPublisher final : public ChangePublisher {
 public:
  void Publish(JobChanges changes) override {
    absl::MutexLock lock(&mutex_);
    for (std::string& id : changes.changed) changes_.changed.push_back(std::move(id));
    for (const auto& [user_id, ids] : changes.deleted) {
      for (const std::string& id : ids) changes_.deleted[user_id].push_back(id);
    }
    for (const auto& [workflow_id, jobs] : changes.pending) changes_.pending[workflow_id] += jobs;
  }

  JobChanges Take() {
    absl::MutexLock lock(&mutex_);
    return std::exchange(changes_, {});
  }

 private:
  absl::Mutex mutex_;
  JobChanges changes_ ABSL_GUARDED_BY(mutex_);
};

// The stores on the migrated database of DATABASE_URL. The tables are empty, except for two users.
class JobServiceTest : public testing::Test {
 protected:
  JobServiceTest() {
    Sql("TRUNCATE users, agent_jobs CASCADE");
    for (const std::string& id : {ann_, bob_}) AddUser(id);
  }
  ~JobServiceTest() override {
    if (is_external_) {
      Sql("ALTER TABLE agent_jobs ALTER COLUMN result_payload SET STORAGE EXTENDED");
    }
    stores_.Close();
    pool_.Stop();
  }

  static absl::Time Soon() { return absl::Now() + absl::Seconds(20); }

  // Runs SQL as a foreign program does.
  pqxx::result Sql(const std::string& sql) { return pqxx::nontransaction(foreign_).exec(sql); }
  std::string One(const std::string& sql) {
    const pqxx::result rows = Sql(sql);
    return rows[0][0].is_null() ? "NULL" : rows[0][0].c_str();
  }
  void AddUser(const std::string& id) {
    Sql("INSERT INTO users (id, email, hashed_password) VALUES ('" + id + "', '" + id + "', '')");
  }

  static NewJob MakeFor(const std::string& user_id, const std::string& workflow_id = "w") {
    NewJob job;
    job.id = NewUuid();
    job.user_id = user_id;
    job.workflow_id = workflow_id;
    return job;
  }
  NewJob Make(const std::string& workflow_id = "w") const { return MakeFor(ann_, workflow_id); }

  absl::StatusOr<Creation> Create(const NewJob& job) {
    return SyncWait(stores_.create.Create(job, Soon()));
  }
  std::string MustCreate(const NewJob& job) {
    const absl::StatusOr<Creation> creation = Create(job);
    EXPECT_TRUE(creation.ok()) << creation.status();
    return job.id;
  }
  std::string MustCreate(const std::string& user_id, const std::string& workflow_id = "w") {
    return MustCreate(MakeFor(user_id, workflow_id));
  }
  // Inserts `count` jobs with one statement of a foreign program. The first one is the oldest.
  void Fill(const std::string& user_id, int count, const std::string& workflow_id = "w") {
    Sql("INSERT INTO agent_jobs (id, user_id, workflow_id, created_at) SELECT gen_random_uuid(), "
        "'" +
        user_id + "', '" + workflow_id + "', now() + n * interval '1 millisecond' " +
        "FROM generate_series(1, " + std::to_string(count) + ") AS n");
  }

  // Reads a job with its payload, and with its input.
  JobPtr Get(const std::string& id) {
    absl::StatusOr<JobPtr> job = SyncWait(stores_.read.Get({id, true, true}, Soon()));
    EXPECT_TRUE(job.ok()) << job.status();
    return job.ok() ? *job : nullptr;
  }
  std::vector<Job> Claim(int limit, const std::vector<std::string>& workflow_ids = {"w"}) {
    absl::StatusOr<std::vector<Job>> jobs =
        SyncWait(stores_.claim.Claim({workflow_ids, limit}, Soon()));
    EXPECT_TRUE(jobs.ok()) << jobs.status();
    return jobs.ok() ? *std::move(jobs) : std::vector<Job>();
  }
  static Lease LeaseOf(const Job& job) { return {job.id, LeaseToken(job)}; }
  absl::StatusOr<Job> Complete(const Lease& lease, const std::string& result = "null") {
    return SyncWait(stores_.finish.Finish({lease, JobStatus::kCompleted, result}, Soon()));
  }
  absl::StatusOr<absl::Time> Heartbeat(const Lease& lease) {
    auto extended = SyncWait(stores_.lease.Heartbeat({lease}, Soon()));
    EXPECT_TRUE(extended.ok()) << extended.status();
    if (!extended.ok() || !extended->front().ok()) {
      return extended.ok() ? extended->front().status() : extended.status();
    }
    return extended->front()->updated_at;
  }
  int Sweep() {
    const absl::StatusOr<int> swept = SyncWait(stores_.maintenance.SweepLeases(1'000, Soon()));
    EXPECT_TRUE(swept.ok()) << swept.status();
    return swept.value_or(-1);
  }
  absl::StatusOr<Job> Fail(const Lease& lease, const std::string& result) {
    return SyncWait(stores_.finish.Finish({lease, JobStatus::kFailed, result}, Soon()));
  }
  // Fails the attempt of a leased job so that another one may follow, after `delay` or the backoff.
  absl::StatusOr<Job> FailRetryably(const Lease& lease, const std::string& code = "E",
                                    std::optional<absl::Duration> delay = std::nullopt) {
    return SyncWait(stores_.finish.Finish(RetryableFailure(lease, code, delay), Soon()));
  }
  static JobFinish RetryableFailure(const Lease& lease, const std::string& code = "E",
                                    std::optional<absl::Duration> delay = std::nullopt) {
    return {lease, JobStatus::kFailed, ErrorObject(code, "why", ""), true, delay};
  }
  absl::StatusOr<Job> Progress(const Lease& lease, const std::string& progress) {
    return SyncWait(
        stores_.finish.ReportProgress({lease, JobStatus::kProcessing, progress}, Soon()));
  }
  absl::StatusOr<Job> Cancel(const std::string& id, std::optional<std::string> owner = {}) {
    return SyncWait(stores_.manage.Cancel(id, std::move(owner),
                                          ErrorObject(kCancelledCode, "why", ""), Soon()));
  }
  absl::StatusOr<Job> Retry(const std::string& id, std::optional<std::string> owner = {}) {
    return SyncWait(stores_.manage.Retry(id, std::move(owner), Soon()));
  }
  // Makes the scheduled jobs ready whose time has come, and returns how many.
  int ReleaseScheduled(int limit = 1'000) {
    const auto released = SyncWait(stores_.maintenance.ReleaseScheduled(limit, Soon()));
    EXPECT_TRUE(released.ok()) << released.status();
    return released.value_or(-1);
  }
  // Lets the time of a scheduled job come, and makes it ready.
  void MakeReady(const std::string& id) {
    Sql("UPDATE agent_jobs SET result_payload = result_payload || "
        "'{\"not_before\": \"2000-01-01T00:00:00.000000Z\"}' WHERE id = '" +
        id + "'");
    EXPECT_EQ(ReleaseScheduled(), 1);
  }
  // The column result_payload of a job as text; "NULL" without one.
  std::string PayloadOf(const std::string& id) {
    return One("SELECT result_payload FROM agent_jobs WHERE id = '" + id + "'");
  }
  // Creates and claims a job of Ann's, and returns the lease.
  Lease Claimed() {
    MustCreate(ann_);
    return LeaseOf(Claim(1).at(0));
  }
  // Creates a job of Ann's, fails it, and returns its id.
  std::string Failed() {
    const Lease lease = Claimed();
    EXPECT_TRUE(Fail(lease, ErrorObject("X", "", "")).ok());
    return lease.job_id;
  }
  // Inserts a job of the workflow "w" whose payload is too large to be read by a statement over
  // many jobs: 34 MB in an envelope that waits for a time in the past. Returns its id.
  std::string InsertOversized() {
    const std::string id = NewUuid();
    // Otherwise the text would be compressed. The destructor undoes this.
    is_external_ = true;
    Sql("ALTER TABLE agent_jobs ALTER COLUMN result_payload SET STORAGE EXTERNAL");
    Sql("INSERT INTO agent_jobs (id, user_id, workflow_id, created_at, updated_at, result_payload) "
        "SELECT '" +
        id + "', '" + ann_ +
        "', 'w', t, t, jsonb_build_object('vibestack_job', 1, 'schedule', 'waiting', 'not_before', "
        "'2000-01-01T00:00:00.000000Z', 'input', repeat('x', 34000000)) "
        "FROM (SELECT now() - interval '1 hour' AS t) AS m");
    return id;
  }
  // Sets the status of all jobs, as if they had last been written an hour ago.
  void SetAll(const std::string& status, const std::string& schedule) {
    Sql("ALTER TABLE agent_jobs DISABLE TRIGGER vibestack_updated_at");
    Sql("UPDATE agent_jobs SET status = '" + status +
        "', updated_at = now() - interval '1 hour', result_payload = result_payload || "
        "'{\"schedule\": \"" +
        schedule + "\"}'");
    Sql("ALTER TABLE agent_jobs ENABLE TRIGGER vibestack_updated_at");
  }
  // Makes a job look as if it had last been written this long ago.
  void Age(const std::string& id, const std::string& interval) {
    Sql("ALTER TABLE agent_jobs DISABLE TRIGGER vibestack_updated_at");
    Sql("UPDATE agent_jobs SET updated_at = updated_at - interval '" + interval + "' WHERE id = '" +
        id + "'");
    Sql("ALTER TABLE agent_jobs ENABLE TRIGGER vibestack_updated_at");
  }

  // The change events that the stores published since the last call.
  JobChanges TakeChanges() { return recorder_.Take(); }

  static db::PoolOptions PoolOptionsOf(int connections) {
    db::PoolOptions options;
    options.session = JobSessionOptions(DatabaseUrl());
    options.connections = connections;
    return options;
  }

  const std::string ann_ = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa";
  const std::string bob_ = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb";
  bool is_external_ = false;  // Whether the table stores payloads without compression.
  RecordingPublisher recorder_;
  pqxx::connection foreign_{DatabaseUrl()};
  Metrics metrics_;
  db::Pool pool_{PoolOptionsOf(6)};
  ReadStore read_store_{CoalescerOptions(), pool_, metrics_};
  ChangeStore change_store_{pool_};
  JobStores stores_{StoreOptions(), read_store_, pool_, recorder_, metrics_};
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_TESTS_INTEGRATION_JOB_SERVICE_FIXTURE_H_

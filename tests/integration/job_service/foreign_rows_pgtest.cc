// Rows whose result_payload another program wrote: no payload, JSON of its own, or a broken
// envelope. No call fails because of them, not even for the other jobs of its batch.
#include <iterator>
#include <set>

#include "tests/integration/job_service/fixture.h"

namespace vibestack::job_service {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

// JSON without the mark of an envelope, as PostgreSQL prints it.
const char* const kOwnJson[] = {"null",
                                "1",
                                "\"text\"",
                                "[]",
                                R"(["vibestack_job", 1, {"vibestack_job": 1}])",
                                "{}",
                                R"({"percent": 40})",
                                R"({"awaiting": "dispatch"})",
                                R"({"errors": 7, "attempts": "x", "schedule": "waiting"})",
                                R"({"attempts": 3, "vibestack_job": 2})",
                                R"({"attempts": 3, "vibestack_job": "1"})",
                                R"({"attempts": 3, "vibestack_job": true})",
                                R"({"attempts": 3, "vibestack_job": [1]})"};

// Envelopes of nobody's version, or with values of the wrong type. None waits for a time.
const char* const kHostileEnvelopes[] = {
    R"({"vibestack_job": 1})",
    R"({"vibestack_job": 1.0, "attempts": 3})",
    R"({"vibestack_job": 1, "attempts": "x", "errors": 7})",
    R"({"vibestack_job": 1, "attempts": null, "errors": null, "max_attempts": null, "progress": null,
        "error": null, "not_before": null, "schedule": null, "input": null})",
    R"({"vibestack_job": 1, "attempts": -5, "max_attempts": -5, "errors": {"0": {"token": 1}}})",
    R"({"vibestack_job": 1, "attempts": 0.5, "max_attempts": 2.9, "errors": [null, 1, [], "x"]})",
    R"({"vibestack_job": 1, "attempts": 1e131000, "max_attempts": 1e131000})",
    R"({"vibestack_job": 1, "attempts": 1e-16000, "max_attempts": 1e-16000})",
    R"({"vibestack_job": 1, "attempts": 2147483648, "errors": [{"attempt": 2147483648, "token": 1e30}]})",
    R"({"vibestack_job": 1, "attempts": {}, "not_before": {}, "schedule": {}, "max_attempts": []})",
    R"({"vibestack_job": 1, "schedule": "due", "not_before": "zzz", "input": {"vibestack_job": 1}})",
    R"({"vibestack_job": 1, "schedule": "waiting ", "not_before": "2100-01-01"})",
    R"({"vibestack_job": 1, "errors": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], "error": {"code": {}}})",
    R"({"vibestack_job": 1, "errors": [{"attempt": 1, "code": "E", "token": {}}], "error": "text"})"};

class ForeignRowsTest : public JobServiceTest {
 protected:
  // Inserts a job of every kind of payload with this status, in SQL. Jobs that are made by us are
  // between them: `ours_`, with the input [7].
  void InsertAll(const std::string& status) {
    std::vector<std::string> payloads{"NULL"};
    for (const char* json : kOwnJson) payloads.push_back(foreign_.quote(json));
    for (const char* json : kHostileEnvelopes) payloads.push_back(foreign_.quote(json));
    for (size_t i = 0; i < payloads.size(); ++i) {
      const std::string id = NewUuid();
      Sql("INSERT INTO agent_jobs (id, user_id, workflow_id, status, result_payload) VALUES ('" +
          id + "', '" + ann_ + "', 'w', " + status + ", " + payloads[i] + ")");
      foreign_ids_.push_back(id);
      if (i % 9 != 0) continue;
      NewJob job = Make();
      job.input = "[7]";
      ours_.insert(MustCreate(job));
    }
    Sql("UPDATE agent_jobs SET status = " + status + " WHERE id::text = ANY ('{" + JoinedOurs() +
        "}')");
  }
  std::string JoinedOurs() const {
    std::string joined;
    for (const std::string& id : ours_) joined += (joined.empty() ? "" : ",") + id;
    return joined;
  }
  size_t Count() const { return foreign_ids_.size() + ours_.size(); }
  std::string CountOf(const std::string& condition) {
    return One("SELECT count(*) FROM agent_jobs WHERE " + condition);
  }
  std::vector<std::string> AllIds() const {
    std::vector<std::string> ids = foreign_ids_;
    ids.insert(ids.end(), ours_.begin(), ours_.end());
    return ids;
  }
  // The leases of all processing jobs.
  std::vector<Lease> Leases() {
    std::vector<Lease> leases;
    for (const std::string& id : AllIds()) leases.push_back(LeaseOf(*Get(id)));
    return leases;
  }
  // Runs all finishes in one batch, and expects that none fails.
  std::vector<Job> FinishTogether(std::vector<JobFinish> finishes) {
    std::vector<Job> jobs;
    for (auto& finished : SyncWait(stores_.finish.FinishAll(std::move(finishes), Soon()))) {
      EXPECT_TRUE(finished.ok()) << finished.status();
      if (finished.ok()) jobs.push_back(*std::move(finished));
    }
    return jobs;
  }
  // Expects that our own jobs still have their input.
  void ExpectInputs() {
    for (const std::string& id : ours_) EXPECT_EQ(Get(id)->input, "[7]");
  }

  std::vector<std::string> foreign_ids_;
  std::set<std::string> ours_;
};

TEST_F(ForeignRowsTest, EveryJobIsClaimedAndCompletedAndKeepsItsOutputAlone) {
  for (const char* status : {"NULL", "'pending'"}) {
    InsertAll(status);
    const std::string before =
        One("SELECT string_agg(result_payload::text, ';' ORDER BY id) FROM agent_jobs");
    const std::vector<Job> jobs = Claim(100);
    ASSERT_THAT(jobs, SizeIs(Count()));
    EXPECT_EQ(One("SELECT string_agg(result_payload::text, ';' ORDER BY id) FROM agent_jobs"),
              before);
    std::vector<JobFinish> finishes;
    for (const Job& job : jobs) {
      EXPECT_EQ(job.input.has_value() && job.input == "[7]", ours_.contains(job.id));
      finishes.push_back({LeaseOf(job), JobStatus::kCompleted, R"({"done": true})"});
    }
    FinishTogether(std::move(finishes));
    EXPECT_EQ(CountOf(R"(status = 'completed' AND result_payload::text = '{"done": true}')"),
              std::to_string(Count()));
    Sql("DELETE FROM agent_jobs");
    foreign_ids_.clear();
    ours_.clear();
  }
}

TEST_F(ForeignRowsTest, ClaimsOfSingleJobsReachEveryRow) {
  InsertAll("'pending'");
  for (size_t i = 0; i < Count(); ++i) ASSERT_THAT(Claim(1), SizeIs(1)) << i;
  EXPECT_THAT(Claim(1), IsEmpty());
}

TEST_F(ForeignRowsTest, EveryJobCanFail) {
  InsertAll("'processing'");
  std::vector<JobFinish> finishes;
  for (const Lease& lease : Leases()) {
    finishes.push_back({lease, JobStatus::kFailed, ErrorObject("E", "why", "")});
  }
  for (const Job& job : FinishTogether(finishes)) EXPECT_EQ(job.status, JobStatus::kFailed);
  for (const std::string& id : AllIds()) {
    const JobPtr job = Get(id);
    EXPECT_EQ(job->result, R"({"error": {"code": "E", "details": null, "message": "why"}})");
    ASSERT_FALSE(job->errors.empty());
    EXPECT_EQ(job->errors.back().code, "E");
    EXPECT_LE(job->errors.size(), 10U);
    EXPECT_GE(AttemptNumber(*job), 1);
  }
  ExpectInputs();
  // The same reports again are the same failures.
  FinishTogether(finishes);
}

TEST_F(ForeignRowsTest, EveryJobCanFailRetryably) {
  InsertAll("'processing'");
  std::vector<JobFinish> finishes;
  for (const Lease& lease : Leases()) {
    finishes.push_back(RetryableFailure(lease, "E", absl::ZeroDuration()));
  }
  FinishTogether(finishes);
  FinishTogether(finishes);
  // Two rows count as a million attempts, and two have at most one. These four have none left.
  EXPECT_EQ(CountOf("status = 'failed'"), "4");
  const std::string pending = CountOf("status = 'pending'");
  EXPECT_EQ(std::to_string(ReleaseScheduled()), pending);
  EXPECT_EQ(std::to_string(Claim(100).size()), pending);
  ExpectInputs();
}

TEST_F(ForeignRowsTest, JsonOfAnotherProgramStaysAsTheProgressAfterAFailure) {
  for (const char* json : kOwnJson) {
    const std::string id = MustCreate(ann_);
    Sql("UPDATE agent_jobs SET status = 'processing', result_payload = " + foreign_.quote(json) +
        " WHERE id = '" + id + "'");
    EXPECT_EQ(Get(id)->result, json);
    EXPECT_EQ(Get(id)->input, std::nullopt);
    ASSERT_TRUE(FailRetryably(LeaseOf(*Get(id))).ok());
    EXPECT_EQ(Get(id)->result, json);
    EXPECT_EQ(AttemptNumber(*Get(id)), 2);
  }
}

TEST_F(ForeignRowsTest, EveryJobTakesProgress) {
  InsertAll("'processing'");
  std::vector<JobFinish> reports;
  for (const Lease& lease : Leases()) {
    reports.push_back({lease, JobStatus::kProcessing, R"({"percent": 50})"});
  }
  for (const Job& job : FinishTogether(std::move(reports))) {
    EXPECT_EQ(job.status, JobStatus::kProcessing);
    EXPECT_EQ(Get(job.id)->result, R"({"percent": 50})");
  }
  ExpectInputs();
}

TEST_F(ForeignRowsTest, EveryLeaseThatRanOutIsSweptInOneStatement) {
  InsertAll("'processing'");
  Sql("ALTER TABLE agent_jobs DISABLE TRIGGER vibestack_updated_at");
  Sql("UPDATE agent_jobs SET updated_at = updated_at - interval '61 s'");
  Sql("ALTER TABLE agent_jobs ENABLE TRIGGER vibestack_updated_at");
  EXPECT_EQ(Sweep(), static_cast<int>(Count()));
  EXPECT_EQ(CountOf("status = 'processing'"), "0");
  for (const std::string& id : AllIds()) EXPECT_EQ(Get(id)->errors.back().code, "LEASE_EXPIRED");
  ExpectInputs();
}

TEST_F(ForeignRowsTest, EveryJobCanBeCancelledRetriedAndClaimed) {
  InsertAll("'pending'");
  for (const std::string& id : AllIds()) {
    const absl::StatusOr<Job> cancelled = Cancel(id);
    ASSERT_TRUE(cancelled.ok()) << cancelled.status();
    EXPECT_THAT(*cancelled->result, testing::HasSubstr("CANCELLED"));
    EXPECT_TRUE(Cancel(id).ok()) << "the same call again";
    const absl::StatusOr<Job> retried = Retry(id);
    ASSERT_TRUE(retried.ok()) << retried.status();
    EXPECT_EQ(retried->status, JobStatus::kPending);
    EXPECT_GE(AttemptNumber(*retried), 2);
  }
  EXPECT_THAT(Claim(100), SizeIs(Count()));
  ExpectInputs();
}

TEST_F(ForeignRowsTest, EveryFailedRowIsReadAndRetriedAndHasAnAttemptLeft) {
  InsertAll("'failed'");
  for (const std::string& id : AllIds()) {
    ASSERT_NE(Get(id), nullptr);
    const absl::StatusOr<Job> retried = Retry(id);
    ASSERT_TRUE(retried.ok()) << retried.status();
    EXPECT_GE(AttemptNumber(*retried), 2);
  }
  std::vector<Job> jobs = Claim(100);
  ASSERT_THAT(jobs, SizeIs(Count()));
  std::vector<JobFinish> finishes;
  for (const Job& job : jobs) finishes.push_back({LeaseOf(job), JobStatus::kCompleted, "1"});
  FinishTogether(std::move(finishes));
}

TEST_F(ForeignRowsTest, EveryRowIsReadInEveryState) {
  for (const char* status : {"NULL", "'pending'", "'processing'", "'completed'", "'failed'"}) {
    InsertAll(status);
    const auto read = SyncWait(stores_.read.GetUpTo(AllIds(), Soon()));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_THAT(*read, SizeIs(Count()));
    JobQuery query;
    query.user_id = ann_;
    query.limit = 100;
    query.with_result = true;
    const auto page = SyncWait(stores_.list.List(query, Soon()));
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_THAT(page->jobs, SizeIs(Count()));
    for (size_t i = 0; i < std::size(kOwnJson); ++i) {
      EXPECT_EQ(Get(foreign_ids_[i + 1])->result, kOwnJson[i]) << status;
    }
    Sql("DELETE FROM agent_jobs");
    foreign_ids_.clear();
    ours_.clear();
  }
}

TEST_F(ForeignRowsTest, EveryJobIsDispatchedAndCalledBackByItsAttempt) {
  InsertAll("'pending'");
  // A program of version 3 wrote to its rows when it retried them. They are free after the
  // visibility timeout.
  Sql("ALTER TABLE agent_jobs DISABLE TRIGGER vibestack_updated_at");
  Sql("UPDATE agent_jobs SET updated_at = updated_at - interval '16 s'");
  Sql("ALTER TABLE agent_jobs ENABLE TRIGGER vibestack_updated_at");
  auto taken = SyncWait(stores_.dispatch.Claim("w", 100, 0, absl::Seconds(15), Soon()));
  ASSERT_TRUE(taken.ok()) << taken.status();
  ASSERT_THAT(*taken, SizeIs(Count()));
  for (const Job& job : *taken) {
    RunReport report;
    report.job_id = job.id;
    report.attempt = AttemptNumber(*Get(job.id));
    report.status = JobStatus::kProcessing;
    report.result = "50";
    const auto reported = SyncWait(stores_.dispatch.ReportRun(report, Soon()));
    EXPECT_TRUE(reported.ok()) << reported.status() << PayloadOf(job.id);
    EXPECT_EQ(Get(job.id)->result, "50");
    report.status = JobStatus::kFailed;
    report.result = ErrorObject("E", "why", "");
    for (int i = 0; i < 2; ++i) {
      const auto failed = SyncWait(stores_.dispatch.FinishRun(report, Soon()));
      EXPECT_TRUE(failed.ok()) << failed.status() << PayloadOf(job.id);
    }
    EXPECT_EQ(Get(job.id)->status, JobStatus::kFailed);
  }
  ExpectInputs();
}

TEST_F(ForeignRowsTest, AJobThatVersionThreeCreatedWithoutItsInputGetsItFromTheRepeatedCall) {
  for (const char* awaiting : {"input", "acceptance"}) {
    NewJob job = Make();
    job.input = "[7]";
    job.max_attempts = 2;
    Sql("INSERT INTO agent_jobs (id, user_id, workflow_id, result_payload) VALUES ('" + job.id +
        "', '" + ann_ + R"(', 'w', '{"awaiting": ")" + awaiting + "\"}')");
    // Its input is unknown, so nobody dispatches it.
    const auto take = [&](absl::Duration visibility_timeout) {
      return *SyncWait(stores_.dispatch.Claim("w", 10, 0, visibility_timeout, Soon()));
    };
    EXPECT_THAT(take(absl::ZeroDuration()), IsEmpty());
    NewJob other_user = job;
    other_user.user_id = bob_;
    NewJob other_workflow = job;
    other_workflow.workflow_id = "v";
    for (const NewJob& other : {other_user, other_workflow}) {
      EXPECT_EQ(ErrorReason(Create(other).status()), "ID_TAKEN");
      EXPECT_THAT(PayloadOf(job.id), testing::HasSubstr(awaiting));
    }
    for (int i = 0; i < 2; ++i) {
      const absl::StatusOr<Creation> creation = Create(job);
      ASSERT_TRUE(creation.ok()) << creation.status();
      EXPECT_FALSE(creation->is_new);
      EXPECT_EQ(PayloadOf(job.id), R"({"input": [7], "max_attempts": 2, "vibestack_job": 1})");
    }
    NewJob other_input = job;
    other_input.input = "8";
    EXPECT_EQ(ErrorReason(Create(other_input).status()), "ID_TAKEN");
    EXPECT_THAT(take(absl::ZeroDuration()), SizeIs(1));
    Sql("DELETE FROM agent_jobs");
  }
}

TEST_F(ForeignRowsTest, EverySettledDispatchIsStored) {
  InsertAll("'pending'");
  const auto settle = [&](const Job& job, JobStatus status, std::optional<std::string> result) {
    const auto settled =
        SyncWait(stores_.dispatch.Settle(LeaseOf(job), status, std::move(result), Soon()));
    EXPECT_TRUE(settled.ok() && *settled) << settled.status();
  };
  for (const std::string& id : AllIds()) {
    settle(*Get(id), JobStatus::kFailed, ErrorObject("E", "", ""));
    EXPECT_EQ(Get(id)->errors.back().code, "E");
  }
  EXPECT_EQ(CountOf("status = 'failed'"), std::to_string(Count()));
}

TEST_F(ForeignRowsTest, ARepeatedCreationFindsEveryRow) {
  InsertAll("'pending'");
  for (const std::string& id : foreign_ids_) {
    NewJob job = Make();
    job.id = id;
    job.input = Get(id)->input.value_or("");
    const absl::StatusOr<Creation> creation = Create(job);
    EXPECT_TRUE(creation.ok()) << creation.status() << PayloadOf(id);
  }
}

class OversizedTest : public JobServiceTest {
 protected:
  // Expects that the oversized job failed with the payload that it had, and returns the status of
  // the other one.
  JobStatus ExpectFailed(const std::string& oversized, const std::string& other) {
    EXPECT_EQ(One("SELECT status FROM agent_jobs WHERE id = '" + oversized + "'"), "failed");
    EXPECT_EQ(One("SELECT length(result_payload ->> 'input') FROM agent_jobs WHERE id = '" +
                  oversized + "'"),
              "34000000");
    EXPECT_THAT(TakeChanges().changed, testing::Contains(oversized));
    return Get(other)->status;
  }
};

// Each statement over many jobs goes on with the others.
TEST_F(OversizedTest, AnOversizedPayloadFailsItsJobAndStopsNoOther) {
  const std::string oversized = InsertOversized();
  NewJob job = Make();
  job.input = "7";
  job.delay = absl::Hours(1);
  const std::string other = MustCreate(job);
  Sql("UPDATE agent_jobs SET result_payload = result_payload || "
      "'{\"not_before\": \"2000-01-01T00:00:00.000000Z\"}' WHERE id = '" +
      other + "'");
  TakeChanges();
  EXPECT_EQ(ReleaseScheduled(), 2);
  EXPECT_EQ(ExpectFailed(oversized, other), JobStatus::kPending);
  SetAll("pending", "due");
  EXPECT_THAT(Claim(10), SizeIs(1));
  EXPECT_EQ(ExpectFailed(oversized, other), JobStatus::kProcessing);
  // The oldest job is the oversized one.
  for (int by_age = 0; by_age < 2; ++by_age) {
    SetAll("pending", "due");
    EXPECT_THAT(Claim(1), SizeIs(1));
    EXPECT_EQ(ExpectFailed(oversized, other), JobStatus::kProcessing);
  }
  SetAll("pending", "due");
  const auto taken = SyncWait(stores_.dispatch.Claim("w", 10, 0, absl::Seconds(15), Soon()));
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_THAT(*taken, SizeIs(1));
  EXPECT_EQ(ExpectFailed(oversized, other), JobStatus::kPending);
  SetAll("processing", "none");
  EXPECT_EQ(Sweep(), 2);
  EXPECT_EQ(ExpectFailed(oversized, other), JobStatus::kPending);
  // Nothing is left to do for it.
  TakeChanges();
  Sweep();
  ReleaseScheduled();
  EXPECT_THAT(TakeChanges().changed, testing::Not(testing::Contains(oversized)));
  EXPECT_EQ(*SyncWait(stores_.maintenance.DeleteExpired(absl::ZeroDuration(), 10, Soon())), 1);
}

// A small payload may print longer than a text may be.
TEST_F(OversizedTest, AJobThatCannotBePrintedKeepsItsLeaseAndTheOthersAreClaimed) {
  const std::string id = NewUuid();
  Sql("INSERT INTO agent_jobs (id, user_id, workflow_id, created_at, result_payload) SELECT '" +
      id + "', '" + ann_ +
      "', 'w', now() - interval '1 hour', jsonb_build_object('vibestack_job', 1, 'input', (SELECT "
      "jsonb_agg('1e131000'::jsonb) FROM generate_series(1, 9000)))");
  NewJob job = Make();
  job.input = "7";
  MustCreate(job);
  const std::vector<Job> jobs = Claim(10);
  ASSERT_THAT(jobs, SizeIs(1));
  EXPECT_EQ(jobs[0].id, job.id);
  EXPECT_EQ(jobs[0].input, "7");
  EXPECT_EQ(One("SELECT status FROM agent_jobs WHERE id = '" + id + "'"), "processing");
  EXPECT_THAT(Claim(10), IsEmpty());
}

}  // namespace
}  // namespace vibestack::job_service

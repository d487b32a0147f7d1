#include "absl/time/clock.h"
#include "job_service/store/sql.h"
#include "tests/integration/job_service/fixture.h"
#include "tests/integration/job_service/plan_of.h"

namespace vibestack::job_service {
namespace {

using testing::HasSubstr;
using testing::Not;

class PlansTest : public JobServiceTest {
 protected:
  // Autovacuum might find the table empty and tell the planner so, just before a test fills it.
  PlansTest() {
    Sql("ALTER TABLE agent_jobs SET (autovacuum_enabled = off)");
    Sql("TRUNCATE agent_jobs");
    ours_ = ConnectAsOurs();
  }
  ~PlansTest() override { Sql("ALTER TABLE agent_jobs RESET (autovacuum_enabled)"); }

  std::string PlanOf(const db::Statement& statement, int parameters) {
    return job_service::PlanOf(*ours_, statement, parameters);
  }

  std::unique_ptr<pqxx::connection> ours_ = ConnectAsOurs();
};

struct Expectation {
  const db::Statement& statement;
  int parameters;
  std::vector<std::string> indexes;
};

const Expectation kExpectations[] = {
    {sql::kGetJobsUpTo, 3, {"agent_jobs_pkey"}},
    {sql::kGetJobs, 4, {"agent_jobs_pkey"}},
    {sql::kFinishJobs, 9, {"agent_jobs_pkey"}},
    {sql::kCompareOutcomes, 4, {"agent_jobs_pkey"}},
    {sql::kHoldJobs, 3, {"agent_jobs_pkey"}},
    {sql::kCancelJob, 3, {"agent_jobs_pkey"}},
    {sql::kFindCancelled, 1, {"agent_jobs_pkey"}},
    {sql::kFindOldest, 4, {"vibestack_jobs_ready "}},
    {sql::kFindFair, 6, {"vibestack_jobs_ready_user", "agent_jobs_pkey"}},
    {sql::kFindExpiredLease, 8, {"vibestack_jobs_running"}},
    {sql::kFindScheduled, 2, {"vibestack_jobs_scheduled"}},
    {sql::kFindOldJob, 3, {"vibestack_jobs_changed"}},
    {sql::kFindDispatchable, 5, {"vibestack_jobs_ready "}},
    {sql::kFindLateRun, 8, {"vibestack_jobs_running"}},
    {sql::kFindOverdue, 6, {"vibestack_jobs_ready ", "agent_jobs_pkey"}},
    {sql::kClaimOldest, 4, {"vibestack_jobs_ready ", "agent_jobs_pkey"}},
    {sql::kClaimFairly, 6, {"vibestack_jobs_ready_user", "agent_jobs_pkey"}},
    {sql::kSweepJobs, 8, {"vibestack_jobs_running", "agent_jobs_pkey"}},
    {sql::kRetryJob, 5, {"agent_jobs_pkey"}},
    {sql::kDeleteJob, 2, {"agent_jobs_pkey"}},
    {sql::kExplainLeases, 2, {"agent_jobs_pkey"}},
    {sql::kExpireJobs, 3, {"vibestack_jobs_changed", "agent_jobs_pkey"}},
    {sql::kFindWorkflows, 1, {"vibestack_jobs_"}},
    {sql::kCountJobs, 2, {"vibestack_jobs_stats", "vibestack_jobs_ready "}},
    {sql::kCountAllJobs, 1, {"vibestack_jobs_status", "vibestack_jobs_ready "}},
    {sql::kChangedJobs, 4, {"vibestack_jobs_changed"}},
    {sql::kClaimDispatches, 5, {"vibestack_jobs_ready ", "agent_jobs_pkey"}},
    {sql::kRenewDispatches, 3, {"agent_jobs_pkey"}},
    {sql::kSettleDispatch, 4, {"agent_jobs_pkey"}},
    {sql::kReportRun, 3, {"agent_jobs_pkey"}},
    {sql::kFinishRun, 9, {"agent_jobs_pkey"}},
    {sql::kCompareRun, 4, {"agent_jobs_pkey"}},
    {sql::kCompareInputs, 2, {"agent_jobs_pkey"}},
    {sql::kAdoptInputs, 4, {"agent_jobs_pkey"}},
    {sql::kReleaseScheduled, 2, {"vibestack_jobs_scheduled", "agent_jobs_pkey"}},
    {sql::kCountProcessing, 3, {"vibestack_jobs_running", "vibestack_jobs_dispatched"}},
    {sql::kExpireRuns, 8, {"vibestack_jobs_running", "agent_jobs_pkey"}},
    {sql::kFailOverdue, 6, {"vibestack_jobs_ready ", "agent_jobs_pkey"}},
    {sql::kListJobsNewest, 4, {"vibestack_jobs_created"}},
    {sql::kListJobsOldest, 4, {"vibestack_jobs_created"}},
    {sql::kListUserJobsNewest, 7, {"vibestack_jobs_user"}},
    {sql::kListUserJobsOldest, 7, {"vibestack_jobs_user"}},
    {sql::kListUserStatusJobsNewest, 8, {"vibestack_jobs_user"}},
    {sql::kListUserStatusJobsOldest, 8, {"vibestack_jobs_user"}},
    {sql::kListWorkflowJobsNewest, 6, {"vibestack_jobs_workflow"}},
    {sql::kListWorkflowJobsOldest, 6, {"vibestack_jobs_workflow"}},
    {sql::kListWorkflowStatusJobsNewest, 7, {"vibestack_jobs_workflow"}},
    {sql::kListWorkflowStatusJobsOldest, 7, {"vibestack_jobs_workflow"}},
    {sql::kListStatusJobsNewest, 6, {"vibestack_jobs_status"}},
    {sql::kListStatusJobsOldest, 6, {"vibestack_jobs_status"}},
};

TEST_F(PlansTest, EveryStatementIsPrepared) {
  const auto session = db::Session::Open(JobSessionOptions(DatabaseUrl()));
  EXPECT_TRUE(session.ok()) << session.status();
  EXPECT_GT(std::size(sql::kStatements), 20U);
}

TEST_F(PlansTest, EveryStatementUsesItsIndex) {
  Fill(ann_, 20'000);
  Sql("UPDATE agent_jobs SET status = 'completed' WHERE abs(hashtext(id::text)) % 10 < 8");
  Sql("UPDATE agent_jobs SET status = 'processing' WHERE abs(hashtext(id::text)) % 100 = 99");
  Sql("UPDATE agent_jobs SET result_payload = '{\"vibestack_job\": 1, \"schedule\": \"waiting\", "
      "\"not_before\": \"2100-01-01T00:00:00.000000Z\"}' WHERE abs(hashtext(id::text)) % 100 = 98");
  ours_ = ConnectAsOurs();
  for (const bool analysed : {false, true}) {
    if (analysed) {
      Sql("VACUUM ANALYZE agent_jobs");
      ours_ = ConnectAsOurs();
    }
    for (const Expectation& expected : kExpectations) {
      // On a table that was never analysed, lists may have other plans; such a table is small.
      if (!analysed && std::string(expected.statement.name).starts_with("list_")) continue;
      const std::string plan = PlanOf(expected.statement, expected.parameters);
      EXPECT_THAT(plan, Not(HasSubstr("Seq Scan"))) << expected.statement.name;
      // The pattern ends with a parenthesis, because a join filter that is `false` is allowed: it
      // reads nothing.
      EXPECT_THAT(plan, Not(HasSubstr("Join Filter: ("))) << expected.statement.name;
      for (const std::string& index : expected.indexes) {
        EXPECT_THAT(plan, HasSubstr("using " + index)) << expected.statement.name;
      }
    }
  }
}

TEST_F(PlansTest, EveryStatementHasAnExpectation) {
  // The statements that read no table, except to insert into it.
  const std::set<std::string> without = {"create_jobs", "database_time", "find_referring_table",
                                         "lock_workflow", "notify"};
  for (const db::Statement& statement : sql::kStatements) {
    const bool expected = std::any_of(
        std::begin(kExpectations), std::end(kExpectations),
        [&](const Expectation& e) { return e.statement.name == std::string(statement.name); });
    EXPECT_NE(expected, without.contains(statement.name)) << statement.name;
  }
}

TEST_F(PlansTest, APlanForAnEmptyTableDoesNotLastWhileItFills) {
  db::PoolOptions options = PoolOptionsOf(1);
  ASSERT_LT(options.session.plan_lifetime, absl::Minutes(1));
  // Less than the time to fill the table.
  options.session.plan_lifetime = absl::Milliseconds(10);
  db::Pool pool(options);
  Metrics metrics;
  ReadStore read(CoalescerOptions(), pool, metrics);
  JobStores stores(StoreOptions(), read, pool, recorder_, metrics);
  const auto claim_and_finish = [&] {
    const auto jobs = SyncWait(stores.claim.Claim({{"w"}, 100}, Soon()));
    EXPECT_TRUE(jobs.ok()) << jobs.status();
    if (!jobs.ok()) return size_t{0};
    std::vector<JobFinish> finishes;
    for (const Job& job : *jobs) finishes.push_back({LeaseOf(job), JobStatus::kCompleted, "1"});
    for (const auto& finished : SyncWait(stores.finish.FinishAll(std::move(finishes), Soon()))) {
      EXPECT_TRUE(finished.ok()) << finished.status();
    }
    return jobs->size();
  };
  // Autovacuum is off. It would discard the plans of the sessions and hide a defect.
  for (int i = 0; i < 10; ++i) claim_and_finish();
  Fill(ann_, 30'000);
  Sql("UPDATE agent_jobs SET status = 'processing' WHERE abs(hashtext(id::text)) % 2 = 0");
  const absl::Time began = absl::Now();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(claim_and_finish(), 100U);
  EXPECT_LT(absl::Now() - began, absl::Seconds(10));
}

// How many buffers the statement reads for these arguments. Rolls it back.
int BuffersOf(pqxx::connection& connection, const db::Statement& statement,
              const std::string& arguments) {
  pqxx::work transaction(connection);
  transaction.exec("PREPARE measured AS " + std::string(statement.sql));
  const pqxx::result lines =
      transaction.exec("EXPLAIN (ANALYZE, BUFFERS) EXECUTE measured(" + arguments + ")");
  transaction.exec("DEALLOCATE measured");
  for (const pqxx::row& line : lines) {
    const std::string text = line[0].c_str();
    const size_t place = text.find("Buffers: shared ");
    if (place == std::string::npos) continue;
    // The first line has the sum, such as `hit=470 read=5 dirtied=2`.
    int buffers = 0;
    for (const char* key : {"hit=", "read="}) {
      const size_t at = text.find(key, place);
      if (at != std::string::npos) buffers += std::stoi(text.substr(at + std::string(key).size()));
    }
    return buffers;
  }
  ADD_FAILURE() << "no buffers in the plan";
  return -1;
}

TEST_F(PlansTest, AClaimReadsWhatItClaimsWhateverTheStatisticsAre) {
  const auto fill = [this] {
    Sql("INSERT INTO agent_jobs (id, user_id, workflow_id, created_at) SELECT gen_random_uuid(), "
        "CASE n % 5 WHEN 0 THEN NULL WHEN 1 THEN '" +
        ann_ + "'::uuid ELSE '" + bob_ +
        "'::uuid END, 'w', now() + n * interval '1 millisecond' FROM generate_series(1, 200000) "
        "AS n");
  };
  for (const char* state : {"never analysed", "analysed empty", "analysed full"}) {
    SCOPED_TRACE(state);
    if (state == std::string("analysed empty")) {
      Sql("TRUNCATE agent_jobs");
      Sql("VACUUM ANALYZE agent_jobs");
    }
    if (state == std::string("analysed full")) {
      Sql("VACUUM ANALYZE agent_jobs");
    } else {
      fill();
    }
    ours_ = ConnectAsOurs();
    EXPECT_LT(BuffersOf(*ours_, sql::kClaimFairly,
                        "'{w}', '{00000000-0000-0000-0000-000000000000}', 10, 10, 1000000, '{}'"),
              2'000);
    EXPECT_LT(BuffersOf(*ours_, sql::kClaimOldest, "'{w}', 10, 1000000, '{}'"), 2'000);
  }
}

TEST_F(PlansTest, AListNeverSorts) {
  for (const db::Statement& statement : sql::kStatements) {
    const std::string name = statement.name;
    if (!name.starts_with("list_")) continue;
    const bool walks = !name.starts_with("list_jobs");
    const int parameters = 4 + (walks ? 1 : 0) + (name.find("user") != std::string::npos ? 2 : 0) +
                           (name.find("workflow") != std::string::npos ? 1 : 0) +
                           (name.find("status") != std::string::npos ? 1 : 0);
    EXPECT_THAT(PlanOf(statement, parameters), Not(HasSubstr("Sort"))) << name;
  }
}

}  // namespace
}  // namespace vibestack::job_service

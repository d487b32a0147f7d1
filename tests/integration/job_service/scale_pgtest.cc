// The cost of the statements does not grow from ten thousand to a million finished jobs.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>

#include "absl/time/clock.h"
#include "job_service/store/sql.h"
#include "tests/integration/job_service/fixture.h"
#include "tests/integration/job_service/plan_of.h"

namespace vibestack::job_service {
namespace {

class ScaleTest : public JobServiceTest {
 protected:
  // Measures from here on without the disk, whose times vary: no flushes, and no full pages in the
  // WAL after a checkpoint.
  void WithoutTheDisk() {
    Sql("ALTER SYSTEM SET fsync = off");
    Sql("ALTER SYSTEM SET full_page_writes = off");
    Sql("SELECT pg_reload_conf()");
  }

  // Fills the table up to these numbers of jobs, of 100 users and one workflow.
  void FillUpTo(int finished, int pending) {
    Sql("SET vibestack.own_notify = 'on'");
    Sql("UPDATE agent_jobs SET status = 'completed' WHERE status = 'processing'");
    Sql("INSERT INTO users (id, email, hashed_password) SELECT md5('u' || n)::uuid, 'u' || n, '' "
        "FROM generate_series(0, 99) AS n ON CONFLICT DO NOTHING");
    for (const auto& [status, count] :
         std::map<std::string, int>{{"completed", finished}, {"pending", pending}}) {
      Sql("INSERT INTO agent_jobs (id, user_id, workflow_id, status, created_at, updated_at) "
          "SELECT gen_random_uuid(), md5('u' || n % 100)::uuid, 'w', '" +
          status + "', now() - n * interval '1 ms', now() - n * interval '1 ms' " +
          "FROM generate_series((SELECT count(*) FROM agent_jobs WHERE status = '" + status +
          "') + 1, " + std::to_string(count) + ") AS n");
    }
    Sql("VACUUM ANALYZE agent_jobs");
    // The sessions discard their plans within a second.
    const absl::Time end = absl::Now() + absl::Milliseconds(2'500);
    while (absl::Now() < end) Sweep();
  }

  // The minimum of `times` timings, each the mean of ten calls: the cost of a call without
  // disturbance.
  static absl::Duration Best(const std::function<void()>& call, int times = 100) {
    constexpr int kCalls = 10;
    absl::Duration best = absl::InfiniteDuration();
    for (int i = 0; i < times; ++i) {
      const absl::Time began = absl::Now();
      for (int j = 0; j < kCalls; ++j) call();
      best = std::min(best, (absl::Now() - began) / kCalls);
    }
    return best;
  }

  // Expects that the statements which could read most rows use indexes, with the present plans.
  static void ExpectIndexes() {
    const auto ours = ConnectAsOurs();
    const std::pair<const db::Statement*, int> statements[] = {
        {&sql::kClaimFairly, 5},          {&sql::kClaimOldest, 3},  {&sql::kListUserJobsNewest, 7},
        {&sql::kListStatusJobsOldest, 6}, {&sql::kCountJobs, 2},    {&sql::kSweepJobs, 7},
        {&sql::kExpireJobs, 2},           {&sql::kCountAllJobs, 1}, {&sql::kExpireRuns, 7},
        {&sql::kReleaseScheduled, 1},     {&sql::kFailOverdue, 5},  {&sql::kClaimDispatches, 4},
        {&sql::kCountProcessing, 3},      {&sql::kFindWorkflows, 1}};
    for (const auto& [statement, parameters] : statements) {
      const std::string plan = PlanOf(*ours, *statement, parameters);
      EXPECT_THAT(plan, testing::Not(testing::HasSubstr("Seq Scan on agent_jobs")))
          << statement->name;
      EXPECT_THAT(plan, testing::HasSubstr("vibestack_jobs_")) << statement->name;
    }
  }

  // Measures twice and takes the minimum, because something else may disturb one measurement.
  std::map<std::string, absl::Duration> Measure() {
    auto times = MeasureOnce();
    for (const auto& [what, time] : MeasureOnce()) times[what] = std::min(times[what], time);
    return times;
  }

  std::map<std::string, absl::Duration> MeasureOnce() {
    JobQuery query;
    query.user_id = One("SELECT md5('u7')::uuid");
    std::map<std::string, absl::Duration> times;
    times["list by owner"] =
        Best([&] { EXPECT_EQ(SyncWait(stores_.list.List(query, Soon()))->jobs.size(), 50U); });
    for (const bool oldest_first : {false, true}) {
      JobQuery far;
      far.status = JobStatus::kCompleted;
      far.oldest_first = oldest_first;
      // A time range without jobs, such that all rows come after it in the order of the list.
      far.created_from = absl::Now() + absl::Hours(oldest_first ? -2'000 : 1);
      far.created_before = absl::Now() + absl::Hours(oldest_first ? -1'000 : 2);
      times[oldest_first ? "list by status, long ago" : "list by status, to come"] =
          Best([&] { EXPECT_TRUE(SyncWait(stores_.list.List(far, Soon()))->jobs.empty()); });
    }
    times["stats"] =
        Best([&] { EXPECT_EQ(SyncWait(stores_.stats.CountByWorkflow({}, Soon()))->size(), 1U); });
    times["sweep"] = Best([&] { EXPECT_EQ(Sweep(), 0); });
    times["retention"] = Best([&] {
      EXPECT_EQ(*SyncWait(stores_.maintenance.DeleteExpired(absl::Hours(24), 1'000, Soon())), 0);
    });
    // Last, because it leaves processing jobs.
    times["claim"] = Best([&] { EXPECT_EQ(Claim(10, {"w"}).size(), 10U); }, 20);
    return times;
  }
};

TEST_F(ScaleTest, ScheduledJobsCostClaimsNothing) {
  WithoutTheDisk();
  FillUpTo(10'000, 20'000);
  const auto measure = [this] {
    std::map<std::string, absl::Duration> times;
    times["claim"] = Best([&] { EXPECT_EQ(Claim(10).size(), 10U); }, 20);
    times["claim of one"] = Best([&] { EXPECT_EQ(Claim(1).size(), 1U); }, 20);
    times["sweep of scheduled jobs"] = Best([&] { EXPECT_EQ(ReleaseScheduled(), 0); });
    times["stats"] =
        Best([&] { EXPECT_EQ(SyncWait(stores_.stats.CountByWorkflow({}, Soon()))->size(), 1U); });
    return times;
  };
  const auto measure_twice = [&measure] {
    auto times = measure();
    for (const auto& [what, time] : measure()) times[what] = std::min(times[what], time);
    return times;
  };
  const auto none = measure_twice();
  // 100,000 jobs that start in a day, and as many that wait for another attempt, all before the
  // ready jobs in the order of the claims.
  Sql(R"(INSERT INTO agent_jobs (id, user_id, workflow_id, status, result_payload, created_at)
         SELECT gen_random_uuid(), md5('u' || n % 100)::uuid, 'w', 'pending',
           '{"vibestack_job": 1, "schedule": "waiting"}'::jsonb || jsonb_build_object(
             'not_before', to_char(now() AT TIME ZONE 'UTC' + interval '1 day' + n * interval '1 ms',
                                   'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
           || CASE n % 2 WHEN 0 THEN '{"attempts": 1, "errors": [{"attempt": 1, "code": "E"}]}'
              ELSE '{}' END::jsonb,
           now() - interval '10 days' - n * interval '1 ms'
         FROM generate_series(1, 200000) AS n)");
  FillUpTo(10'000, 220'000);
  ExpectIndexes();
  const auto many = measure_twice();
  for (const auto& [what, time] : none) {
    const double ratio = absl::FDivDuration(many.at(what), time);
    std::printf("%s: %s, then %s (x %.2f)\n", what.c_str(), absl::FormatDuration(time).c_str(),
                absl::FormatDuration(many.at(what)).c_str(), ratio);
    // The table and its indexes are eight times as large, which costs something by itself. A claim
    // that walked over the scheduled jobs would cost a hundred times as much.
    EXPECT_LT(many.at(what), 1.5 * time + absl::Microseconds(300)) << what;
  }
}

TEST_F(ScaleTest, AMillionFinishedJobsCostNoMoreThanTenThousand) {
  WithoutTheDisk();
  FillUpTo(10'000, 10'000);
  const auto few = Measure();
  FillUpTo(1'000'000, 100'000);
  ExpectIndexes();
  const auto many = Measure();
  for (const auto& [what, time] : few) {
    const double ratio = absl::FDivDuration(many.at(what), time);
    std::printf("%s: %s, then %s (x %.2f)\n", what.c_str(), absl::FormatDuration(time).c_str(),
                absl::FormatDuration(many.at(what)).c_str(), ratio);
    EXPECT_LT(many.at(what), 1.5 * time) << what;
  }
}

}  // namespace
}  // namespace vibestack::job_service

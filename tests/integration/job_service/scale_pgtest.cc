// The cost of the statements grows neither with finished jobs nor with jobs that are scheduled for
// later.
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
  ScaleTest() {
    Sql("SET vibestack.own_notify = 'on'");
    Sql("INSERT INTO users (id, email, hashed_password) SELECT md5('u' || n)::uuid, 'u' || n, '' "
        "FROM generate_series(0, 99) AS n");
  }

  // Measures from here on without the disk, whose times vary: no flushes, and no full pages in the
  // WAL after a checkpoint.
  void WithoutTheDisk() {
    Sql("ALTER SYSTEM SET fsync = off");
    Sql("ALTER SYSTEM SET full_page_writes = off");
    Sql("SELECT pg_reload_conf()");
  }

  // Adds ready jobs of 100 users.
  void AddReady(const std::string& workflow_id, int count) {
    Sql("INSERT INTO agent_jobs (id, user_id, workflow_id) "
        "SELECT gen_random_uuid(), md5('u' || n % 100)::uuid, '" +
        workflow_id + "' FROM generate_series(1, " + std::to_string(count) + ") AS n");
  }

  // Fills the table up to these numbers of jobs, of 100 users and one workflow.
  void FillUpTo(int finished, int pending) {
    Sql("UPDATE agent_jobs SET status = 'completed' WHERE status = 'processing'");
    for (const auto& [status, count] :
         std::map<std::string, int>{{"completed", finished}, {"pending", pending}}) {
      Sql("INSERT INTO agent_jobs (id, user_id, workflow_id, status, created_at, updated_at) "
          "SELECT gen_random_uuid(), md5('u' || n % 100)::uuid, 'w', '" +
          status + "', now() - n * interval '1 ms', now() - n * interval '1 ms' " +
          "FROM generate_series((SELECT count(*) FROM agent_jobs WHERE status = '" + status +
          "') + 1, " + std::to_string(count) + ") AS n");
    }
    UpdateStatistics();
  }

  void UpdateStatistics() {
    Sql("VACUUM ANALYZE agent_jobs");
    // The sessions discard their plans within a second.
    const absl::Time end = absl::Now() + absl::Milliseconds(2'500);
    while (absl::Now() < end) Sweep();
  }

  // The mean time of ten calls.
  static absl::Duration TimeOf(const std::function<void()>& call) {
    constexpr int kCalls = 10;
    const absl::Time began = absl::Now();
    for (int i = 0; i < kCalls; ++i) call();
    return (absl::Now() - began) / kCalls;
  }

  // The minimum of `times` timings: the cost of a call without disturbance.
  static absl::Duration Best(const std::function<void()>& call, int times = 100) {
    absl::Duration best = absl::InfiniteDuration();
    for (int i = 0; i < times; ++i) best = std::min(best, TimeOf(call));
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

  using Times = std::map<std::string, absl::Duration>;

  // Takes the minimum of two measurements, because something else may disturb one of them.
  static Times Twice(const std::function<Times()>& measure) {
    Times times = measure();
    TakeMinimum(measure(), times);
    return times;
  }
  static void TakeMinimum(const Times& more, Times& times) {
    for (const auto& [what, time] : more) times[what] = std::min(times[what], time);
  }

  // The time of a statement whose work is always the same: how fast the machine is at present.
  absl::Duration Yardstick() {
    return Best([this] { Sql("SELECT count(*) FROM generate_series(1, 2000)"); });
  }

  // Expects that each time of `measure` is at most `most` times that of `before`, after allowing
  // for a machine that became slower than `yardstick`. Measures again, up to four times, if one is
  // not: only a disturbance ends.
  void ExpectAtMost(double most, const Times& before, absl::Duration yardstick,
                    const std::function<Times()>& measure) {
    Times after = Twice(measure);
    const auto slower = [&] { return std::max(1.0, absl::FDivDuration(Yardstick(), yardstick)); };
    const auto is_within = [&, allowed = most * slower()](const auto& entry) {
      return after.at(entry.first) < allowed * entry.second;
    };
    for (int i = 0; i < 4 && !std::all_of(before.begin(), before.end(), is_within); ++i) {
      TakeMinimum(measure(), after);
    }
    for (const auto& entry : before) {
      std::printf("%s: %s, then %s (x %.2f)\n", entry.first.c_str(),
                  absl::FormatDuration(entry.second).c_str(),
                  absl::FormatDuration(after.at(entry.first)).c_str(),
                  absl::FDivDuration(after.at(entry.first), entry.second));
      EXPECT_TRUE(is_within(entry)) << entry.first;
    }
  }

  Times MeasureAll() {
    JobQuery query;
    query.user_id = One("SELECT md5('u7')::uuid");
    Times times;
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
  FillUpTo(10'000, 0);
  AddReady("free", 20'000);
  AddReady("behind", 20'000);
  UpdateStatistics();
  const auto measure = [this] {
    Times times;
    times["sweep of scheduled jobs"] = Best([&] { EXPECT_EQ(ReleaseScheduled(), 0); });
    times["stats"] =
        Best([&] { EXPECT_EQ(SyncWait(stores_.stats.CountByWorkflow({}, Soon()))->size(), 3U); });
    return times;
  };
  const absl::Duration yardstick = Yardstick();
  const Times none = Twice(measure);
  // 100,000 jobs that start in a day, and as many that wait for another attempt, all before the
  // ready jobs in the order of the claims.
  Sql(R"(INSERT INTO agent_jobs (id, user_id, workflow_id, status, result_payload, created_at)
         SELECT gen_random_uuid(), md5('u' || n % 100)::uuid, 'behind', 'pending',
           '{"vibestack_job": 1, "schedule": "waiting"}'::jsonb || jsonb_build_object(
             'not_before', to_char(now() AT TIME ZONE 'UTC' + interval '1 day' + n * interval '1 ms',
                                   'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
           || CASE n % 2 WHEN 0 THEN '{"attempts": 1, "errors": [{"attempt": 1, "code": "E"}]}'
              ELSE '{}' END::jsonb,
           now() - interval '10 days' - n * interval '1 ms'
         FROM generate_series(1, 200000) AS n)");
  UpdateStatistics();
  ExpectIndexes();
  ExpectAtMost(1.5, none, yardstick, measure);

  // Claims of the workflow with the scheduled jobs, and in turns those of one without: both in the
  // same table.
  for (const int limit : {10, 1}) {
    absl::Duration free = absl::InfiniteDuration();
    absl::Duration behind = absl::InfiniteDuration();
    constexpr double kMost = 1.2;
    for (int i = 0; i < 20 || (i < 80 && behind > kMost * free); ++i) {
      const auto claim = [&](const char* workflow_id) {
        return TimeOf([&] { EXPECT_EQ(Claim(limit, {workflow_id}).size(), limit); });
      };
      free = std::min(free, claim("free"));
      behind = std::min(behind, claim("behind"));
    }
    std::printf("claim of %d: %s, behind scheduled jobs %s (x %.2f)\n", limit,
                absl::FormatDuration(free).c_str(), absl::FormatDuration(behind).c_str(),
                absl::FDivDuration(behind, free));
    EXPECT_LE(behind, kMost * free) << limit;
  }
}

TEST_F(ScaleTest, AMillionFinishedJobsCostNoMoreThanTenThousand) {
  WithoutTheDisk();
  const auto measure = [this] { return MeasureAll(); };
  FillUpTo(10'000, 10'000);
  const absl::Duration yardstick = Yardstick();
  const Times few = Twice(measure);
  FillUpTo(1'000'000, 100'000);
  ExpectIndexes();
  ExpectAtMost(1.5, few, yardstick, measure);
}

}  // namespace
}  // namespace vibestack::job_service

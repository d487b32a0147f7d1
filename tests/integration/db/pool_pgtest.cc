#include "common/db/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <stdexcept>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "common/base/error.h"
#include "tests/integration/db/database.h"
#include "tests/support/eventually.h"

namespace vibestack::db {
namespace {

using Sum = absl::StatusOr<int>;

constexpr absl::Duration kGoodTime = absl::Seconds(20);

PoolOptions TestPool(int connections = 2) {
  PoolOptions options;
  options.session = TestSession();
  options.connections = connections;
  return options;
}

// Runs tasks from a plain thread and waits for them.
class Caller {
 public:
  explicit Caller(Pool& pool) : pool_(pool) {}

  Sum Run(std::function<Sum(Session&)> work, Repeat repeat = Repeat::kSafe,
          absl::Duration within = absl::Seconds(30)) {
    Sum result = absl::UnknownError("waiting");
    absl::BlockingCounter done(1);
    Start(RunAndCount(std::move(work), repeat, absl::Now() + within, result, done));
    done.Wait();
    return result;
  }

  Task<void> RunAndCount(std::function<Sum(Session&)> work, Repeat repeat, absl::Time deadline,
                         Sum& result, absl::BlockingCounter& done) {
    result = co_await pool_.Run<int>(deadline, repeat, std::move(work));
    done.DecrementCount();
  }

 private:
  Pool& pool_;
};

Sum Pid(Session& session) {
  const auto rows = session.Exec(kPid);
  if (!rows.ok()) return rows.status();
  return (*rows)[0][0].as<int>();
}

TEST(PoolTest, GivingUpEndsWhatTheDatabaseDoesNotAnswer) {
  Pool pool(TestPool(1));
  Caller caller(pool);
  std::atomic<bool> begun{false};
  std::atomic<int> runs{0};
  Sum result = 0;
  std::thread sleeper([&] {
    result = caller.Run([&](Session& session) -> Sum {
      ++runs;
      begun = true;
      return session.Exec(kSleep, Params().Add("60")).ok() ? 1 : Pid(session);
    });
  });
  ASSERT_TRUE(Eventually(kGoodTime, [&] { return begun.load(); }));
  const absl::Time began = absl::Now();
  EXPECT_EQ(pool.Abort(), 1);
  sleeper.join();
  pool.Stop();
  EXPECT_LT(absl::Now() - began, absl::Seconds(10));
  EXPECT_TRUE(absl::IsUnavailable(result.status())) << result.status();
  EXPECT_EQ(runs, 1);  // Repeat would have allowed a second run.
  EXPECT_TRUE(absl::IsUnavailable(caller.Run(Pid).status()));
}

TEST(PoolTest, WorksRunAtOnceOnConnectionsOfTheirOwn) {
  Pool pool(TestPool(3));
  absl::Mutex mutex;
  std::set<int> pids;
  const auto meet = [&](Session& session) -> Sum {
    const Sum pid = Pid(session);
    absl::MutexLock lock(&mutex);
    if (pid.ok()) pids.insert(*pid);
    mutex.Await(absl::Condition(
        +[](std::set<int>* all) { return all->size() == 3; }, &pids));
    return pid;
  };
  std::vector<Sum> results(3, Sum(absl::UnknownError("waiting")));
  absl::BlockingCounter done(3);
  Caller caller(pool);
  for (Sum& result : results) {
    Start(caller.RunAndCount(meet, Repeat::kSafe, absl::InfiniteFuture(), result, done));
  }
  done.Wait();
  EXPECT_EQ(pids.size(), 3U);
  pool.Stop();
}

TEST(PoolTest, OnTaskReportsHowLongATaskWaitedAndUsedItsConnection) {
  PoolOptions options = TestPool(1);
  std::atomic<int> runs{0};
  std::atomic<int64_t> waited_micros{0};
  std::atomic<int64_t> used_micros{0};
  options.on_task_done = [&](absl::Duration waited, absl::Duration used) {
    waited_micros = absl::ToInt64Microseconds(waited);
    used_micros = absl::ToInt64Microseconds(used);
    ++runs;
  };
  Pool pool(options);
  Caller caller(pool);
  absl::Notification may_end;
  std::vector<Sum> results(2, Sum(absl::UnknownError("waiting")));
  absl::BlockingCounter done(2);
  absl::Notification begun;
  const auto block = [&](Session&) -> Sum {
    begun.Notify();
    may_end.WaitForNotification();
    return 1;
  };
  Start(caller.RunAndCount(block, Repeat::kNever, absl::InfiniteFuture(), results[0], done));
  begun.WaitForNotification();
  Start(caller.RunAndCount(Pid, Repeat::kSafe, absl::InfiniteFuture(), results[1], done));
  const absl::Time blocked_at = absl::Now();
  EXPECT_TRUE(
      Eventually(kGoodTime, [&] { return absl::Now() - blocked_at > absl::Milliseconds(5); }));
  may_end.Notify();
  done.Wait();
  pool.Stop();
  EXPECT_EQ(runs, 2);
  // The values of the second task, which waited for the connection of the first.
  EXPECT_GE(waited_micros, 5'000);
  EXPECT_GT(used_micros, 0);
}

TEST(PoolTest, ASafeTaskRunsAgainWhenItsConnectionBreaksAndAnUnsafeOneDoesNot) {
  Pool pool(TestPool(1));
  Caller caller(pool);
  for (const auto& [repeat, runs_wanted] :
       {std::pair{Repeat::kSafe, 2}, std::pair{Repeat::kNever, 1}}) {
    int runs = 0;
    const Sum result = caller.Run(
        [&runs](Session& session) -> Sum {
          const Sum pid = Pid(session);
          if (++runs == 1 && pid.ok()) {
            Foreign("SELECT pg_terminate_backend(" + std::to_string(*pid) + ")");
          }
          return Pid(session);
        },
        repeat);
    EXPECT_EQ(runs, runs_wanted);
    EXPECT_EQ(result.ok(), repeat == Repeat::kSafe) << result.status();
    EXPECT_TRUE(Eventually(kGoodTime, [&] { return pool.healthy(); }));
  }
}

TEST(PoolTest, AnOutageRefusesAtOnceWithRetryInfoAndEndsByItself) {
  std::atomic<int> healthy{0};
  std::atomic<int> unhealthy{0};
  PoolOptions options = TestPool(2);
  options.on_health = [&](bool now) { ++(now ? healthy : unhealthy); };
  Pool pool(std::move(options));
  Caller caller(pool);
  EXPECT_TRUE(caller.Run(Pid).ok());
  ControlServer("stop");
  EXPECT_TRUE(Eventually(kGoodTime, [&] { return !caller.Run(Pid).ok() && !pool.healthy(); }));
  const absl::Time began = absl::Now();
  const Sum refused = caller.Run(Pid);
  EXPECT_LT(absl::Now() - began, absl::Seconds(5));
  EXPECT_TRUE(absl::IsUnavailable(refused.status())) << refused.status();
  EXPECT_LT(RetryDelay(refused.status()), absl::InfiniteDuration());
  ControlServer("start");
  EXPECT_TRUE(Eventually(kGoodTime, [&] { return caller.Run(Pid).ok(); }));
  EXPECT_GE(healthy, 2);
  EXPECT_GE(unhealthy, 1);
}

TEST(PoolTest, ADeadlineAppliesInTheQueueAndInTheDatabase) {
  Pool pool(TestPool(1));
  Caller caller(pool);
  const auto sleep = [](Session& session) -> Sum {
    const auto rows = session.Exec(kSleep, Params().Add("30"));
    return rows.ok() ? Sum(0) : Sum(rows.status());
  };
  EXPECT_TRUE(
      absl::IsDeadlineExceeded(caller.Run(sleep, Repeat::kSafe, absl::Milliseconds(100)).status()));
  EXPECT_TRUE(
      absl::IsDeadlineExceeded(caller.Run(sleep, Repeat::kSafe, absl::ZeroDuration()).status()));
}

TEST(PoolTest, AFullQueueRefuses) {
  PoolOptions options = TestPool(1);
  options.max_queued = 1;
  Pool pool(std::move(options));
  Caller caller(pool);
  ASSERT_TRUE(caller.Run(Pid).ok());
  absl::BlockingCounter may_end(1);
  const auto block = [&may_end](Session&) -> Sum {
    may_end.Wait();
    return 0;
  };
  std::vector<Sum> results(2, Sum(absl::UnknownError("waiting")));
  absl::BlockingCounter done(2);
  Start(caller.RunAndCount(block, Repeat::kSafe, absl::InfiniteFuture(), results[0], done));
  EXPECT_TRUE(Eventually(kGoodTime, [&] { return pool.stats().busy == 1; }));
  Start(caller.RunAndCount(Pid, Repeat::kSafe, absl::InfiniteFuture(), results[1], done));
  EXPECT_TRUE(absl::IsResourceExhausted(caller.Run(Pid).status()));
  may_end.DecrementCount();
  done.Wait();
  EXPECT_TRUE(results[1].ok());
}

TEST(PoolTest, StopAnswersWhatWaitsAndMayBeCalledTwice) {
  Pool pool(TestPool(1));
  Caller caller(pool);
  ASSERT_TRUE(caller.Run(Pid).ok());
  absl::BlockingCounter may_end(1);
  std::vector<Sum> results(2, Sum(absl::UnknownError("waiting")));
  absl::BlockingCounter done(2);
  const auto block = [&may_end](Session&) -> Sum {
    may_end.Wait();
    return 7;
  };
  Start(caller.RunAndCount(block, Repeat::kSafe, absl::InfiniteFuture(), results[0], done));
  EXPECT_TRUE(Eventually(kGoodTime, [&] { return pool.stats().busy == 1; }));
  Start(caller.RunAndCount(Pid, Repeat::kSafe, absl::InfiniteFuture(), results[1], done));
  std::thread stopper([&] { pool.Stop(); });
  EXPECT_TRUE(Eventually(kGoodTime, [&] { return pool.stats().queued == 0; }));
  may_end.DecrementCount();
  stopper.join();
  done.Wait();
  EXPECT_EQ(results[0].value_or(0), 7);
  EXPECT_EQ(ErrorReason(results[1].status()), "SHUTTING_DOWN");
  pool.Stop();
  EXPECT_EQ(ErrorReason(caller.Run(Pid).status()), "SHUTTING_DOWN");
}

TEST(PoolTest, StopsAlsoWithoutADatabase) {
  PoolOptions options = TestPool(2);
  options.session.database_url = "postgresql://nobody@127.0.0.1:1/nothing";
  Pool pool(std::move(options));
  Caller caller(pool);
  EXPECT_TRUE(absl::IsUnavailable(caller.Run(Pid).status()));
  EXPECT_FALSE(pool.health().ok());
}

TEST(PoolTest, AnExceptionOfATaskIsItsAnswerAndTheConnectionStays) {
  Pool pool(TestPool(1));
  Caller caller(pool);
  const Sum before = caller.Run(Pid);
  ASSERT_TRUE(before.ok());
  EXPECT_TRUE(absl::IsInternal(
      caller.Run([](Session&) -> Sum { throw std::runtime_error("x"); }).status()));
  // Within a transaction, too: it is rolled back.
  const Sum within = caller.Run([](Session& session) -> Sum {
    const absl::Status status = session.Transact([&]() -> absl::Status {
      EXPECT_TRUE(session.Exec(kPid).ok());
      throw std::runtime_error("x");
    });
    EXPECT_TRUE(absl::IsInternal(status)) << status;
    return Pid(session);
  });
  EXPECT_EQ(*within, *before);
}

}  // namespace
}  // namespace vibestack::db

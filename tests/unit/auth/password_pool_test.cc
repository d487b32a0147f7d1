#include "common/auth/password_pool.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "common/async/sync_wait.h"
#include "common/async/task.h"
#include "common/auth/bcrypt.h"
#include "common/base/error.h"
#include "tests/support/eventually.h"

namespace vibestack::auth {
namespace {

constexpr int kCost = 4;
const absl::Time kNever = absl::InfiniteFuture();

// Calls `done` with the result of the task.
template <typename T, typename Callback>
Task<void> PassResult(Task<absl::StatusOr<T>> task, Callback done) {
  const absl::StatusOr<T> result = co_await task;
  done(result);
}

// Submits a request to a pool; `done` gets the result.
template <typename T, typename Callback>
void Submit(Task<absl::StatusOr<T>> task, Callback done) {
  Start(PassResult(std::move(task), std::move(done)));
}

// Keeps one thread of a pool busy for at least 1.5 s, and waits for the end. The steps of a test in
// between take microseconds.
class Blocker {
 public:
  explicit Blocker(PasswordPool& pool) {
    Submit(pool.Hash(Secret("secret"), kLongCost, kNever),
           [this](const absl::StatusOr<Secret>&) { gone_.Notify(); });
    while (pool.stats().running == 0) std::this_thread::yield();
  }
  ~Blocker() { gone_.WaitForNotification(); }

 private:
  static constexpr int kLongCost = 15;

  absl::Notification gone_;
};

// The status of a request, which may come later.
class Outcome {
 public:
  void Take(Task<absl::StatusOr<Secret>> task) {
    Submit(std::move(task), [this](const absl::StatusOr<Secret>& result) {
      status_ = result.status();
      done_.Notify();  // ends the process when called twice
    });
  }
  bool known() const { return done_.HasBeenNotified(); }
  absl::Status Wait() {
    done_.WaitForNotification();
    return status_;
  }

 private:
  absl::Status status_;
  absl::Notification done_;
};

TEST(PasswordPoolTest, HashesAndVerifies) {
  PasswordPool pool({.threads = 2});
  const absl::StatusOr<Secret> hash = SyncWait(pool.Hash(Secret("secret"), kCost, kNever));
  ASSERT_TRUE(hash.ok());
  const absl::StatusOr<bool> right =
      SyncWait(pool.Verify(Secret("secret"), hash->Reveal(), kNever));
  const absl::StatusOr<bool> wrong =
      SyncWait(pool.Verify(Secret("Secret"), hash->Reveal(), kNever));
  ASSERT_TRUE(right.ok() && wrong.ok());
  EXPECT_TRUE(*right);
  EXPECT_FALSE(*wrong);
}

TEST(PasswordPoolTest, AFullQueueShedsAtOnceAndSaysWhenToRetry) {
  PasswordPool pool({.threads = 1, .max_queued = 1});
  Outcome queued, shed;
  {
    Blocker blocker(pool);
    queued.Take(pool.Hash(Secret("secret"), kCost, kNever));
    shed.Take(pool.Hash(Secret("secret"), kCost, kNever));
    ASSERT_TRUE(shed.known());
    EXPECT_FALSE(queued.known());
    EXPECT_EQ(pool.stats().queued, 1u);
    EXPECT_EQ(pool.stats().shed, 1u);
  }
  EXPECT_EQ(shed.Wait().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrorReason(shed.Wait()), "PASSWORD_HASHING_BUSY");
  EXPECT_GT(RetryDelay(shed.Wait()), absl::ZeroDuration());
  EXPECT_LT(RetryDelay(shed.Wait()), absl::InfiniteDuration());
  EXPECT_TRUE(queued.Wait().ok());
}

TEST(PasswordPoolTest, WorkThatWouldComeTooLateIsShedAtOnce) {
  FakeClock clock(absl::FromUnixSeconds(1750000000));
  PasswordPool pool({.threads = 1}, clock);
  Outcome late, in_time, slow;
  Blocker blocker(pool);
  late.Take(pool.Hash(Secret("secret"), kCost, clock.Now() + absl::Microseconds(1)));
  ASSERT_TRUE(late.known());
  EXPECT_EQ(ErrorReason(late.Wait()), "PASSWORD_HASHING_BUSY");
  in_time.Take(pool.Hash(Secret("secret"), kCost, clock.Now() + absl::Hours(1)));
  EXPECT_FALSE(in_time.known());
  // 2^16 rounds take seconds on any machine.
  slow.Take(pool.Hash(Secret("secret"), 16, clock.Now() + absl::Milliseconds(200)));
  EXPECT_TRUE(slow.known());
  EXPECT_TRUE(in_time.Wait().ok());
}

TEST(PasswordPoolTest, AnIdlePoolTriesHoweverSlowItThinksItIs) {
  FakeClock clock(absl::FromUnixSeconds(1750000000));
  PasswordPool pool({.threads = 1}, clock);
  Outcome outcome;
  outcome.Take(pool.Hash(Secret("secret"), kCost, clock.Now() + absl::Microseconds(1)));
  EXPECT_TRUE(outcome.Wait().ok());
}

TEST(PasswordPoolTest, WhatExpiredInTheQueueIsNotComputed) {
  FakeClock clock(absl::FromUnixSeconds(1750000000));
  PasswordPool pool({.threads = 1}, clock);
  Outcome outcome;
  {
    Blocker blocker(pool);
    outcome.Take(pool.Hash(Secret("secret"), kCost, clock.Now() + absl::Hours(1)));
    clock.Advance(absl::Hours(1));
  }
  EXPECT_EQ(outcome.Wait().code(), absl::StatusCode::kDeadlineExceeded);
  pool.Stop();
  EXPECT_EQ(pool.stats().expired, 1u);
  EXPECT_EQ(pool.stats().done, 1u);
}

TEST(PasswordPoolTest, StoppingAnswersWhatIsQueuedAndWhatComesLater) {
  PasswordPool pool({.threads = 1});
  Outcome queued, later;
  std::thread stopper;
  {
    Blocker blocker(pool);
    queued.Take(pool.Hash(Secret("secret"), kCost, kNever));
    stopper = std::thread([&pool] { pool.Stop(); });
    EXPECT_EQ(queued.Wait().code(), absl::StatusCode::kUnavailable);
    later.Take(pool.Hash(Secret("secret"), kCost, kNever));
    EXPECT_EQ(later.Wait().code(), absl::StatusCode::kUnavailable);
  }
  stopper.join();
}

TEST(PasswordPoolTest, StoppingTwiceAndAtOnceIsLegal) {
  PasswordPool pool({.threads = 2});
  std::thread other([&pool] { pool.Stop(); });
  pool.Stop();
  other.join();
  pool.Stop();
}

TEST(PasswordPoolTest, EveryTaskEndsExactlyOnceAcrossAStop) {
  std::atomic<int> answers{0};
  std::atomic<int> submitted{0};
  PasswordPool pool({.threads = 2, .max_queued = 8});
  std::vector<std::thread> callers;
  callers.reserve(3);
  for (int t = 0; t < 3; ++t) {
    callers.emplace_back([&] {
      for (int i = 0; i < 100; ++i) {
        ++submitted;
        Submit(pool.Hash(Secret("secret"), kCost, kNever),
               [&](const absl::StatusOr<Secret>&) { ++answers; });
      }
    });
  }
  while (submitted < 50) std::this_thread::yield();
  pool.Stop();
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(answers, submitted);
}

TEST(PasswordPoolTest, AMalformedHashIsAnErrorOfItsOwn) {
  PasswordPool pool({.threads = 1});
  const absl::StatusOr<bool> matches = SyncWait(pool.Verify(Secret("secret"), "*", kNever));
  EXPECT_EQ(ErrorReason(matches.status()), "PASSWORD_HASH_UNUSABLE");
}

// How many threads of this process have this nice level.
int ThreadsAt(int nice_level) {
  int threads = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    const id_t id = static_cast<id_t>(std::stoul(task.path().filename()));
    errno = 0;
    threads += getpriority(PRIO_PROCESS, id) == nice_level && errno == 0 ? 1 : 0;
  }
  return threads;
}

TEST(PasswordPoolTest, ItsHashingGivesWayToOthersAndItsAnswersDoNot) {
  const int usual = getpriority(PRIO_PROCESS, 0);
  const int lower = std::min(usual + 10, 19);
  ASSERT_LT(usual, lower) << "there is nothing below the priority that this test was given";
  // Threads of earlier tests may not have ended yet.
  ASSERT_TRUE(Eventually(absl::Seconds(10), [lower] { return ThreadsAt(lower) == 0; }));
  PasswordPool pool({.threads = 2});
  absl::Notification done;
  int of_answer = -1;
  Submit(pool.Hash(Secret("secret"), kCost, kNever), [&](const absl::StatusOr<Secret>&) {
    of_answer = getpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)));
    done.Notify();
  });
  done.WaitForNotification();
  EXPECT_EQ(of_answer, usual);
  EXPECT_TRUE(Eventually(absl::Seconds(10), [lower] { return ThreadsAt(lower) == 2; }));
}

}  // namespace
}  // namespace vibestack::auth

#include "common/async/delays.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "common/async/sync_wait.h"
#include "common/async/task.h"

namespace vibestack {
namespace {

Task<bool> Wait(Delays& delays, absl::Time when) {
  const bool passed = co_await delays.Until(when);
  co_return passed;
}

// Appends its number when its delay has passed. All of them run on the thread of `delays`.
Task<void> Append(Delays& delays, absl::Time when, int number, std::vector<int>& numbers,
                  absl::BlockingCounter& left) {
  co_await delays.Until(when);
  numbers.push_back(number);
  left.DecrementCount();
}

TEST(DelaysTest, ATaskResumesWhenItsTimeHasCome) {
  Delays delays;
  const absl::Time when = absl::Now() + absl::Milliseconds(20);
  EXPECT_TRUE(SyncWait(Wait(delays, when)));
  EXPECT_GE(absl::Now(), when);
  EXPECT_TRUE(SyncWait(Wait(delays, absl::InfinitePast())));
}

TEST(DelaysTest, TheEarliestTaskResumesFirst) {
  Delays delays;
  std::vector<int> numbers;
  absl::BlockingCounter left(3);
  const absl::Time now = absl::Now();
  Start(Append(delays, now + absl::Milliseconds(90), 3, numbers, left));
  Start(Append(delays, now + absl::Milliseconds(30), 1, numbers, left));
  Start(Append(delays, now + absl::Milliseconds(60), 2, numbers, left));
  left.Wait();
  EXPECT_THAT(numbers, testing::ElementsAre(1, 2, 3));
}

TEST(DelaysTest, CloseResumesWhoWaitsAndWhoComesLater) {
  Delays delays;
  std::vector<int> numbers;
  absl::BlockingCounter left(1);
  Start(Append(delays, absl::InfiniteFuture(), 1, numbers, left));
  delays.Close();
  left.Wait();
  EXPECT_FALSE(SyncWait(Wait(delays, absl::InfiniteFuture())));
}

}  // namespace
}  // namespace vibestack

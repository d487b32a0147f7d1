#include "common/async/completion.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

#include "common/async/task.h"

namespace vibestack {
namespace {

Task<int> Twice(int value) { co_return 2 * value; }

Task<void> Add(Completion<int>& first, Completion<int>& second, int& sum) {
  const int a = co_await first;
  const int b = co_await second;
  sum = co_await Twice(a + b);
}

TEST(CompletionTest, GoesOnInWhateverOrderItIsSetAndAwaited) {
  Completion<int> first;
  Completion<int> second;
  int sum = 0;
  second.Set(2);
  Start(Add(first, second, sum));
  EXPECT_EQ(sum, 0);
  first.Set(1);
  EXPECT_EQ(sum, 6);
}

Task<void> Store(Completion<int>& completion, std::atomic<int>& stored) {
  stored = co_await completion;
}

TEST(CompletionTest, SetAndAwaitMayRace) {
  for (int round = 1; round <= 2'000; ++round) {
    Completion<int> completion;
    std::atomic<int> stored{0};
    std::thread setter([&] { completion.Set(round); });
    Start(Store(completion, stored));
    setter.join();
    EXPECT_EQ(stored, round);
  }
}

Task<void> Await(std::shared_ptr<Wakeup<int>> wakeup, int& reason) {
  reason = co_await wakeup->Wait();
}

TEST(WakeupTest, TheFirstSourceWinsAndOthersReturnFalse) {
  auto wakeup = std::make_shared<Wakeup<int>>();
  int reason = 0;
  Start(Await(wakeup, reason));
  EXPECT_TRUE(wakeup->Notify(1));
  EXPECT_FALSE(wakeup->Notify(2));
  EXPECT_EQ(reason, 1);
}

TEST(WakeupTest, OneOfManyRacingSourcesWins) {
  for (int round = 0; round < 500; ++round) {
    auto wakeup = std::make_shared<Wakeup<int>>();
    std::atomic<int> wins{0};
    std::vector<std::thread> sources;
    for (int i = 0; i < 3; ++i) {
      sources.emplace_back([wakeup, &wins, i] { wins += wakeup->Notify(i) ? 1 : 0; });
    }
    for (std::thread& source : sources) source.join();
    int reason = -1;
    Start(Await(wakeup, reason));
    EXPECT_EQ(wins, 1);
    EXPECT_GE(reason, 0);
  }
}

}  // namespace
}  // namespace vibestack

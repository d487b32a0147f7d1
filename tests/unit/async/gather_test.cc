#include "common/async/gather.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

#include "common/async/sync_wait.h"

namespace vibestack {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Task<int> Later(Completion<int>& completion) {
  const int value = co_await completion;
  co_return value;
}

Task<std::unique_ptr<int>> Now(int value) { co_return std::make_unique<int>(value); }

Task<void> Store(Task<std::vector<int>> task, std::vector<int>& outcomes) {
  outcomes = co_await task;
}

TEST(GatherTest, EndsWithTheLastOneAndKeepsTheOrder) {
  Completion<int> first;
  Completion<int> second;
  std::vector<Task<int>> tasks;
  tasks.push_back(Later(first));
  tasks.push_back(Later(second));
  std::vector<int> outcomes;
  Start(Store(Gather(std::move(tasks)), outcomes));
  second.Set(2);
  EXPECT_THAT(outcomes, IsEmpty());
  first.Set(1);
  EXPECT_THAT(outcomes, ElementsAre(1, 2));
}

TEST(GatherTest, TakesTasksThatEndAtOnceAndNone) {
  std::vector<Task<std::unique_ptr<int>>> tasks;
  tasks.push_back(Now(7));
  const auto outcomes = SyncWait(Gather(std::move(tasks)));
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_EQ(*outcomes[0], 7);
  EXPECT_THAT(SyncWait(Gather(std::vector<Task<int>>())), IsEmpty());
}

TEST(GatherTest, WaitsForEveryTaskBeforeItThrows) {
  const auto fail = [](bool throws) -> Task<int> {
    if (throws) throw std::runtime_error("x");
    co_return 1;
  };
  Completion<int> second;
  std::vector<Task<int>> tasks;
  tasks.push_back(fail(true));
  tasks.push_back(Later(second));
  bool thrown = false;
  const auto run = [&]() -> Task<void> {
    try {
      const std::vector<int> outcomes = co_await Gather(std::move(tasks));
    } catch (const std::runtime_error&) {
      thrown = true;
    }
  };
  Start(run());
  EXPECT_FALSE(thrown);
  second.Set(2);
  EXPECT_TRUE(thrown);
}

}  // namespace
}  // namespace vibestack

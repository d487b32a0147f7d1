#include "job_service/maintenance/sweeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "tests/support/eventually.h"

namespace vibestack::job_service {
namespace {

// Sweeps with these results, one after the other, and returns the limit of each sweep. A result
// gets the limit. The sweeps after the last result find no job.
std::vector<int> LimitsOf(std::vector<std::function<absl::StatusOr<int>(int)>> results) {
  absl::Mutex mutex;
  std::vector<int> limits;
  const auto sweep = [&](int limit, absl::Time) -> Task<absl::StatusOr<int>> {
    absl::MutexLock lock(&mutex);
    limits.push_back(limit);
    if (limits.size() > results.size()) co_return 0;
    co_return results[limits.size() - 1](limit);
  };
  Metrics metrics;
  Sweeper sweeper("swept", absl::Milliseconds(1), sweep, metrics);
  EXPECT_TRUE(Eventually(absl::Seconds(10), [&] {
    absl::MutexLock lock(&mutex);
    return limits.size() > results.size();
  }));
  sweeper.Stop();
  limits.resize(results.size() + 1);
  return limits;
}

absl::StatusOr<int> Fails(int) { return absl::DeadlineExceededError("too slow"); }
absl::StatusOr<int> IsFull(int limit) { return limit; }
absl::StatusOr<int> IsAlmostFull(int limit) { return limit - 1; }

TEST(SweeperTest, TheLimitFallsWithFailuresDownToOneJob) {
  EXPECT_THAT(LimitsOf({Fails, Fails, Fails, Fails}), testing::ElementsAre(1'000, 100, 10, 1, 1));
}

TEST(SweeperTest, TheLimitGrowsSlowlyWhileSweepsAreFull) {
  EXPECT_THAT(LimitsOf({Fails, IsFull, IsFull, IsFull}),
              testing::ElementsAre(1'000, 100, 111, 123, 136));
  EXPECT_THAT(LimitsOf({IsFull, IsFull}), testing::ElementsAre(1'000, 1'000, 1'000));
}

TEST(SweeperTest, ASweepThatIsNotFullKeepsTheLimit) {
  EXPECT_THAT(LimitsOf({Fails, IsAlmostFull, IsAlmostFull}),
              testing::ElementsAre(1'000, 100, 100, 100));
}

}  // namespace
}  // namespace vibestack::job_service

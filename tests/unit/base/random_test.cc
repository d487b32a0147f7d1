#include "common/base/random.h"

#include <gtest/gtest.h>

#include <set>

namespace vibestack {
namespace {

TEST(RandomTest, BytesDifferEachTime) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) seen.insert(RandomBytes(16));
  EXPECT_EQ(seen.size(), 100U);
}

TEST(BackoffTest, DoublesUpToTheLimitAndStaysBetweenHalfAndAll) {
  const absl::Duration base = absl::Milliseconds(100);
  const absl::Duration limit = absl::Seconds(2);
  for (int attempt = 0; attempt < 100; ++attempt) {
    const absl::Duration full = attempt < 5 ? std::min(limit, base * (1 << attempt)) : limit;
    for (int i = 0; i < 20; ++i) {
      const absl::Duration wait = BackoffWithJitter(attempt, base, limit);
      EXPECT_GE(wait, full / 2);
      EXPECT_LE(wait, full);
    }
  }
}

TEST(BackoffTest, IsNotTheSameForEverybody) {
  std::set<absl::Duration> seen;
  for (int i = 0; i < 50; ++i) {
    seen.insert(BackoffWithJitter(3, absl::Seconds(1), absl::Seconds(60)));
  }
  EXPECT_GT(seen.size(), 40U);
}

}  // namespace
}  // namespace vibestack

#include "job_service/store/distinct_rounds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vibestack::job_service {
namespace {

using testing::ElementsAre;

std::vector<std::vector<size_t>> Split(const std::vector<std::string>& ids) {
  return SplitIntoRounds(ids.size(), [&ids](size_t i) -> const std::string& { return ids[i]; });
}

TEST(DistinctRoundsTest, DifferentJobsAreOneRound) {
  EXPECT_THAT(Split({"a", "b", "c"}), ElementsAre(ElementsAre(0, 1, 2)));
}

TEST(DistinctRoundsTest, WritesOfOneJobComeInTheirOrderEachInItsRound) {
  EXPECT_THAT(Split({"a", "b", "a", "a", "b"}),
              ElementsAre(ElementsAre(0, 1), ElementsAre(2, 4), ElementsAre(3)));
}

TEST(DistinctRoundsTest, NothingIsNoRound) { EXPECT_THAT(Split({}), ElementsAre()); }

}  // namespace
}  // namespace vibestack::job_service

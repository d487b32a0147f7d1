#include "job_service/store/round_robin_cursor.h"

#include <gtest/gtest.h>

namespace vibestack::job_service {
namespace {

TEST(RoundRobinCursorTest, ClaimsOfOneJobGoByAgeEveryOtherTime) {
  RoundRobinCursor turns;
  EXPECT_TRUE(turns.NextGoesByAge(1));
  EXPECT_FALSE(turns.NextGoesByAge(1));
  EXPECT_TRUE(turns.NextGoesByAge(1));
}

TEST(RoundRobinCursorTest, ClaimsOfMoreAlwaysGoByTurn) {
  RoundRobinCursor turns;
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(turns.NextGoesByAge(2));
}

TEST(RoundRobinCursorTest, EachWorkflowHasItsOwnTurn) {
  RoundRobinCursor turns;
  turns.Put({{"a", "u1"}, {"b", "u2"}});
  turns.Put({{"a", ""}});
  const std::vector<RoundRobinPosition> got = turns.Get({"a", "b", "c"});
  EXPECT_EQ(got[0].after_user_id, "");
  EXPECT_EQ(got[1].after_user_id, "u2");
  EXPECT_EQ(got[2].after_user_id, "");
}

}  // namespace
}  // namespace vibestack::job_service

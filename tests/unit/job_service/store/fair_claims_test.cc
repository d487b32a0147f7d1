#include "job_service/store/fair_claims.h"

#include <gtest/gtest.h>

namespace vibestack::job_service {
namespace {

TEST(RoundRobinCursorTest, ClaimsOfOneJobGoByAgeEveryOtherTime) {
  RoundRobinCursor cursor;
  EXPECT_TRUE(cursor.TakeTurnByAge(1));
  EXPECT_FALSE(cursor.TakeTurnByAge(1));
  EXPECT_TRUE(cursor.TakeTurnByAge(1));
}

TEST(RoundRobinCursorTest, ClaimsOfMoreJobsAlwaysGoByUser) {
  RoundRobinCursor cursor;
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(cursor.TakeTurnByAge(2));
}

TEST(RoundRobinCursorTest, EachWorkflowHasItsOwnPosition) {
  RoundRobinCursor cursor;
  cursor.Put({{"a", "u1"}, {"b", "u2"}});
  cursor.Put({{"a", ""}});
  const std::vector<RoundRobinPosition> got = cursor.Get({"a", "b", "c"});
  EXPECT_EQ(got[0].after_user_id, "");
  EXPECT_EQ(got[1].after_user_id, "u2");
  EXPECT_EQ(got[2].after_user_id, "");
}

}  // namespace
}  // namespace vibestack::job_service

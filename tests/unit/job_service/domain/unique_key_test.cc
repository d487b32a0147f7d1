#include "job_service/domain/unique_key.h"

#include <gtest/gtest.h>

#include <set>

#include "common/base/uuid.h"

namespace vibestack::job_service {
namespace {

TEST(UniqueKeyTest, TheSameThreeGiveTheSameUuidV4) {
  const std::string id = IdOfUniqueKey("user", "summary", "order-7");
  EXPECT_TRUE(IsUuidV4(id));
  EXPECT_EQ(CanonicalUuid(id), id);
  EXPECT_EQ(id, IdOfUniqueKey("user", "summary", "order-7"));
}

TEST(UniqueKeyTest, EachPartCounts) {
  const std::set<std::string> ids = {IdOfUniqueKey("a", "b", "c"), IdOfUniqueKey("b", "b", "c"),
                                     IdOfUniqueKey("a", "a", "c"), IdOfUniqueKey("a", "b", "b"),
                                     IdOfUniqueKey("ab", "", "c"), IdOfUniqueKey("", "ab", "c"),
                                     IdOfUniqueKey("a", "bc", "")};
  EXPECT_EQ(ids.size(), 7U);
}

}  // namespace
}  // namespace vibestack::job_service

#include "common/base/uuid.h"

#include <gtest/gtest.h>

#include <set>

namespace vibestack {
namespace {

TEST(UuidTest, NewOnesAreOfVersion4AndDiffer) {
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) {
    const std::string uuid = NewUuid();
    EXPECT_TRUE(IsUuidV4(uuid)) << uuid;
    EXPECT_EQ(CanonicalUuid(uuid), uuid);
    seen.insert(uuid);
  }
  EXPECT_EQ(seen.size(), 1'000U);
}

TEST(UuidTest, KnowsTheTextFormAndNothingElse) {
  EXPECT_TRUE(IsUuid("00000000-0000-1000-8000-000000000000"));
  EXPECT_TRUE(IsUuid("ABCDEF01-2345-4789-ABCD-EF0123456789"));
  for (const char* wrong :
       {"", "me", "00000000-0000-1000-8000-00000000000", "00000000-0000-1000-8000-0000000000000",
        "00000000000010008000000000000000", "{0000000-0000-1000-8000-000000000000}",
        "00000000-0000-1000-8000-00000000000g", "00000000-0000-1000-8000_000000000000"}) {
    EXPECT_FALSE(IsUuid(wrong)) << wrong;
  }
}

TEST(UuidTest, DistinguishesVersion4FromOthers) {
  EXPECT_TRUE(IsUuidV4("f47ac10b-58cc-4372-a567-0e02b2c3d479"));
  EXPECT_FALSE(IsUuidV4("f47ac10b-58cc-1372-a567-0e02b2c3d479"));  // version 1
  EXPECT_FALSE(IsUuidV4("f47ac10b-58cc-7372-a567-0e02b2c3d479"));  // version 7
  EXPECT_FALSE(IsUuidV4("f47ac10b-58cc-4372-c567-0e02b2c3d479"));  // another variant
  EXPECT_FALSE(IsUuidV4("00000000-0000-0000-0000-000000000000"));
}

}  // namespace
}  // namespace vibestack

#include "common/rpc/page_token.h"

#include <gtest/gtest.h>

#include "probe.pb.h"

namespace vibestack::rpc {
namespace {

constexpr char kId[] = "f47ac10b-58cc-4372-a567-0e02b2c3d479";
const PagePosition kPosition{absl::FromUnixMicros(1'700'000'000'000'001), kId};

TEST(PageTokenTest, LeadsBackToItsPosition) {
  const auto position = DecodePageToken(EncodePageToken(kPosition, "filter"), "filter");
  ASSERT_TRUE(position.ok());
  EXPECT_EQ(position->created_at, kPosition.created_at);
  EXPECT_EQ(position->id, kId);
}

TEST(PageTokenTest, IsBoundToItsFilter) {
  const std::string token = EncodePageToken(kPosition, "filter");
  EXPECT_TRUE(absl::IsInvalidArgument(DecodePageToken(token, "other").status()));
}

TEST(PageTokenTest, EveryChangedCharacterIsNoticed) {
  const std::string token = EncodePageToken(kPosition, "filter");
  for (size_t i = 0; i < token.size(); ++i) {
    std::string forged = token;
    forged[i] = forged[i] == 'A' ? 'B' : 'A';
    EXPECT_TRUE(absl::IsInvalidArgument(DecodePageToken(forged, "filter").status())) << i;
    EXPECT_FALSE(DecodePageToken(token.substr(0, i), "filter").ok()) << i;
  }
  for (const char* garbage : {"x", "!!!", "AAAA", "\xff\xfe"}) {
    EXPECT_FALSE(DecodePageToken(garbage, "filter").ok());
  }
}

TEST(PageTokenTest, OnlyTheFormThatWeWritePasses) {
  const std::string token = EncodePageToken(kPosition, "filter");
  for (const std::string& other : {token + "=", " " + token, token + "\n", token + "A"}) {
    EXPECT_FALSE(DecodePageToken(other, "filter").ok()) << other;
  }
}

TEST(PageTokenTest, ATimeHasOneForm) {
  // The text after the id is the time in microseconds; this one has one more character.
  const PagePosition soon{absl::FromUnixMicros(123), kId};
  ASSERT_TRUE(DecodePageToken(EncodePageToken(soon, "filter"), "filter").ok());
  for (const char* more : {"0", "+", " ", "-0"}) {
    const PagePosition other{soon.created_at, std::string(kId) + more};
    EXPECT_FALSE(DecodePageToken(EncodePageToken(other, "filter"), "filter").ok()) << more;
  }
}

TEST(PageFilterTest, LeavesOutThePageFieldsAndHoldsAllElse) {
  test::Probe probe;
  probe.set_text("a");
  const std::string filter = PageFilter(probe, "scope");
  probe.set_page_size(7);
  probe.set_page_token("token");
  EXPECT_EQ(PageFilter(probe, "scope"), filter);
  EXPECT_NE(PageFilter(probe, "other"), filter);
  probe.set_text("b");
  EXPECT_NE(PageFilter(probe, "scope"), filter);
}

TEST(PageSizeTest, FollowsTheRules) {
  EXPECT_EQ(*PageSize(0), 50);
  EXPECT_EQ(*PageSize(1), 1);
  EXPECT_EQ(*PageSize(1'001), 1'000);
  EXPECT_TRUE(absl::IsInvalidArgument(PageSize(-1).status()));
}

}  // namespace
}  // namespace vibestack::rpc

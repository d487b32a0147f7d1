#include "user_service/mail/payload.h"

#include <gtest/gtest.h>

namespace vibestack::user_service {
namespace {

constexpr char kId[] = "1c2d3e4f-0000-4000-8000-000000000000";
const absl::Time kNow = absl::FromUnixSeconds(1'767'225'600);

TEST(MakePayloadTest, SaysAllThatAMailNeeds) {
  const Notice notice{.event = Notice::Event::kPasswordReset,
                      .email = "ann@example.com",
                      .user_id = "0b9f3d0e-4f0e-4b62-9c3b-2d1f5a6b7c8d",
                      .token = Secret("a.b.c"),
                      .expires_at = kNow + absl::Minutes(30)};
  EXPECT_EQ(MakePayload(kId, kNow, notice),
            R"({"id":"1c2d3e4f-0000-4000-8000-000000000000","event":"password_reset",)"
            R"("created_at":"2026-01-01T00:00:00Z","email":"ann@example.com",)"
            R"("user_id":"0b9f3d0e-4f0e-4b62-9c3b-2d1f5a6b7c8d","token":"a.b.c",)"
            R"("expires_at":"2026-01-01T00:30:00Z"})");
}

TEST(MakePayloadTest, MailsWithoutATokenNeverExpire) {
  const Notice notice{.event = Notice::Event::kSignUpExisting,
                      .email = "\u00e4\"\\@example.com",
                      .user_id = kId,
                      .token = Secret()};
  EXPECT_EQ(MakePayload(kId, kNow, notice),
            R"({"id":"1c2d3e4f-0000-4000-8000-000000000000","event":"sign_up_existing",)"
            R"("created_at":"2026-01-01T00:00:00Z","email":"ä\"\\@example.com",)"
            R"("user_id":"1c2d3e4f-0000-4000-8000-000000000000"})");
}

TEST(EventNameTest, EveryEventHasAName) {
  EXPECT_STREQ(EventName(Notice::Event::kSignUp), "sign_up");
}

}  // namespace
}  // namespace vibestack::user_service

#include "user_service/domain/sessions.h"

#include "common/auth/token_refusal.h"
#include "tests/integration/user_service/mail_queue.h"
#include "user_service/domain/introspections.h"

namespace vibestack::user_service {
namespace {

using auth::Purpose;

class SessionsTest : public MailedTokensTest {
 protected:
  using Tokens = Sessions::Tokens;

  // Refreshes with the refresh token in `tokens`, which it replaces. Returns the reason of an
  // error.
  std::string Refresh(Tokens& tokens) { return Refresh(tokens, sessions_); }
  static std::string Refresh(Tokens& tokens, Sessions& sessions) {
    absl::StatusOr<Tokens> next = SyncWait(sessions.Refresh(tokens.refresh_token.Reveal(), Soon()));
    if (!next.ok()) return ErrorReason(next.status());
    tokens = *std::move(next);
    return "";
  }
  Tokens LogInAs(const std::string& email) {
    auto tokens = SyncWait(sessions_.LogIn(email, Secret("correct horse"), Soon())).tokens;
    EXPECT_TRUE(tokens.ok()) << tokens.status();
    return *std::move(tokens);
  }
  auth::Claims ClaimsOf(const Secret& token, Purpose purpose) {
    const auto claims = auth::TokenVerifier(keys_, clock_).Verify(token.Reveal(), purpose);
    EXPECT_TRUE(claims.ok()) << claims.status();
    return *claims;
  }
  auth::Claims AccessOf(const Tokens& tokens) {
    return ClaimsOf(tokens.access_token, Purpose::kAccess);
  }
  auth::Claims RefreshOf(const Tokens& tokens) {
    return ClaimsOf(tokens.refresh_token, Purpose::kRefresh);
  }
  // A refresh token as an older version issued it, without the time of the log-in.
  Tokens OldTokensOf(const User& user) {
    auto old = auth::TokenIssuer(keys_, clock_)
                   .Issue(Purpose::kRefresh, user.id, absl::Hours(24 * 30),
                          FingerprintOf(user, fingerprint_key_));
    EXPECT_TRUE(old.ok()) << old.status();
    return {Secret(""), old->token, absl::ZeroDuration()};
  }
  Sessions SessionsWith(absl::Duration session_ttl) {
    return {users_,
            passwords_,
            keys_,
            clock_,
            {.fingerprint_key = fingerprint_key_, .session_ttl = session_ttl}};
  }
};

TEST_F(SessionsTest, RefreshingDoesNotExtendASessionBeyondItsEnd) {
  Make("ann@example.com");
  Tokens tokens = LogInAs("ann@example.com");
  const absl::Time log_in = absl::FromUnixSeconds(absl::ToUnixSeconds(clock_.Now()));
  const absl::Time end = log_in + absl::Hours(24 * 30);
  EXPECT_EQ(AccessOf(tokens).auth_time, log_in);
  for (int day = 0; day < 30; ++day) {
    ASSERT_EQ(Refresh(tokens), "") << day;
    EXPECT_EQ(RefreshOf(tokens).auth_time, log_in);
    EXPECT_EQ(AccessOf(tokens).auth_time, log_in);
    EXPECT_EQ(RefreshOf(tokens).expires_at, end);
    EXPECT_EQ(tokens.expires_in, absl::Minutes(15));
    clock_.Advance(absl::Hours(24));
  }
  EXPECT_EQ(Refresh(tokens), "TOKEN_EXPIRED");
  Tokens next = LogInAs("ann@example.com");
  EXPECT_EQ(Refresh(next), "");
  EXPECT_GT(RefreshOf(next).expires_at, end);
}

TEST_F(SessionsTest, AnAccessTokenEndsWithItsSession) {
  Make("ann@example.com");
  Tokens tokens = LogInAs("ann@example.com");
  const absl::Time end = RefreshOf(tokens).expires_at;
  clock_.Advance(end - absl::Seconds(100) - clock_.Now());
  ASSERT_EQ(Refresh(tokens), "");
  EXPECT_EQ(tokens.expires_in, absl::Seconds(100));
  EXPECT_EQ(AccessOf(tokens).expires_at, end);
}

TEST_F(SessionsTest, ALowerLimitEndsRunningSessionsWithAReasonForTheAuditLog) {
  Make("ann@example.com");
  Tokens tokens = LogInAs("ann@example.com");
  Sessions strict = SessionsWith(absl::Hours(1));
  clock_.Advance(absl::Minutes(59));
  EXPECT_EQ(Refresh(tokens, strict), "");
  clock_.Advance(absl::Minutes(1));
  const auto refused = SyncWait(strict.Refresh(tokens.refresh_token.Reveal(), Soon()));
  EXPECT_EQ(ErrorReason(refused.status()), "TOKEN_EXPIRED");
  // A token of a longer session, where only the limit is lower.
  Tokens longer = LogInAs("ann@example.com");
  clock_.Advance(absl::Hours(1));
  const auto over = SyncWait(strict.Refresh(longer.refresh_token.Reveal(), Soon()));
  EXPECT_EQ(ErrorReason(over.status()), "TOKEN_EXPIRED");
  ASSERT_TRUE(auth::RefusalOf(over.status()).has_value());
  EXPECT_EQ(auth::RefusalOf(over.status())->fault, "session_over");
  Introspections introspections(users_, keys_, clock_, fingerprint_key_, SignUpMode::kOpen,
                                absl::Hours(1));
  EXPECT_FALSE(
      SyncWait(introspections.Introspect(longer.refresh_token.Reveal(), Soon()))->has_value());
  EXPECT_EQ(Refresh(longer), "");
}

TEST_F(SessionsTest, ForATokenOfAnOlderVersionTheSessionBeganWithItsIssue) {
  const UserPtr user = Make("ann@example.com");
  Tokens tokens = OldTokensOf(*user);
  const absl::Time issued = RefreshOf(tokens).issued_at;
  EXPECT_EQ(RefreshOf(tokens).auth_time, std::nullopt);
  clock_.Advance(absl::Hours(24 * 29));
  ASSERT_EQ(Refresh(tokens), "");
  EXPECT_EQ(RefreshOf(tokens).auth_time, issued);
  EXPECT_EQ(RefreshOf(tokens).expires_at, issued + absl::Hours(24 * 30));
  clock_.Advance(absl::Hours(24));
  EXPECT_EQ(Refresh(tokens), "TOKEN_EXPIRED");
}

TEST_F(SessionsTest, ALongerSessionNeedsARefreshBeforeEachTokenExpires) {
  Make("ann@example.com");
  Sessions lasting = SessionsWith(absl::Hours(24 * 365));
  Tokens tokens = LogInAs("ann@example.com");
  for (int month = 0; month < 12; ++month) {
    clock_.Advance(absl::Hours(24 * 29));
    ASSERT_EQ(Refresh(tokens, lasting), "") << month;
  }
  clock_.Advance(absl::Hours(24 * 29));
  EXPECT_EQ(Refresh(tokens, lasting), "TOKEN_EXPIRED");
}

}  // namespace
}  // namespace vibestack::user_service

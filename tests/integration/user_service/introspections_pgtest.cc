#include "user_service/domain/introspections.h"

#include "tests/integration/user_service/mail_queue.h"

namespace vibestack::user_service {
namespace {

class IntrospectionsTest : public MailedTokensTest {
 protected:
  // The purpose of an active token; empty if the token is not active.
  std::string GoodFor(const std::string& token) { return GoodFor(token, introspections_); }
  static std::string GoodFor(const std::string& token, Introspections& introspections) {
    const auto good = SyncWait(introspections.Introspect(token, Soon()));
    EXPECT_TRUE(good.ok()) << good.status();
    if (!good.ok() || !good->has_value()) return "";
    return auth::PurposeName((*good)->claims.purpose);
  }
  std::string Issue(auth::Purpose purpose, const std::string& subject) {
    return auth::TokenIssuer(keys_, clock_).Issue(purpose, subject, absl::Hours(1))->token.Reveal();
  }

  Introspections introspections_{users_, keys_, clock_, fingerprint_key_, SignUpMode::kConfirmed};
};

TEST_F(IntrospectionsTest, EveryKindOfTokenIsGoodForWhatItIs) {
  const UserPtr user = Make("ann@example.com");
  const auto tokens = sessions_.IssueTokens(*user);
  EXPECT_EQ(GoodFor(tokens->access_token.Reveal()), "access");
  EXPECT_EQ(GoodFor(tokens->refresh_token.Reveal()), "refresh");
  EXPECT_EQ(GoodFor(RequestReset("ann@example.com")), "reset");
  EXPECT_EQ(GoodFor(SignUp("bob@example.com")), "sign_up");
  EXPECT_EQ(GoodFor(Issue(auth::Purpose::kService, "worker")), "service");
  EXPECT_EQ(GoodFor(Issue(auth::Purpose::kCallback, NewUuid())), "callback");
}

TEST_F(IntrospectionsTest, WhatIsNoTokenOrAlteredIsNotGood) {
  const std::string token = sessions_.IssueTokens(*Make("ann@example.com"))->access_token.Reveal();
  for (const std::string& text :
       {std::string("x"), std::string(".."), std::string(4096, 'a'), token + "x",
        token.substr(0, token.size() - 1), token.substr(0, token.rfind('.') + 1)}) {
    EXPECT_EQ(GoodFor(text), "") << text;
  }
  clock_.Advance(absl::Minutes(15));
  EXPECT_EQ(GoodFor(token), "");
}

TEST_F(IntrospectionsTest, BanPasswordChangeAndErasureEndItAtOnce) {
  const UserPtr user = Make("ann@example.com");
  const std::string token = sessions_.IssueTokens(*user)->access_token.Reveal();
  Sql("UPDATE users SET is_active = false");
  EXPECT_EQ(GoodFor(token), "");
  Sql("UPDATE users SET is_active = true");
  EXPECT_EQ(GoodFor(token), "access");
  Rehash(user->id);
  EXPECT_EQ(GoodFor(token), "access");
  Sql("UPDATE users SET hashed_password = '$2b$04$" + std::string(53, 'a') + "'");
  EXPECT_EQ(GoodFor(token), "");
  Sql("DELETE FROM users");
  EXPECT_EQ(GoodFor(token), "");
}

TEST_F(IntrospectionsTest, UsedTokensAreNotGood) {
  Make("ann@example.com");
  const std::string reset = RequestReset("ann@example.com");
  ASSERT_TRUE(Reset(reset, "battery staple").ok());
  EXPECT_EQ(GoodFor(reset), "");
  const std::string first = SignUp("bob@example.com");
  const std::string second = SignUp("bob@example.com");
  NewAccount account;
  account.password = Secret("correct horse");
  ASSERT_TRUE(SyncWait(sign_ups_.Confirm(first, std::move(account), Soon())).ok());
  EXPECT_EQ(GoodFor(first), "");
  EXPECT_EQ(GoodFor(second), "");
}

TEST_F(IntrospectionsTest, WhereSignUpWasClosedNoTokenForItIsGood) {
  const std::string token = SignUp("ann@example.com");
  Introspections closed(users_, keys_, clock_, fingerprint_key_, SignUpMode::kClosed);
  EXPECT_EQ(GoodFor(token, closed), "");
  EXPECT_EQ(GoodFor(token), "sign_up");
}

}  // namespace
}  // namespace vibestack::user_service

#include "user_service/domain/password_resets.h"

#include <thread>

#include "tests/integration/user_service/mail_queue.h"

namespace vibestack::user_service {
namespace {

using PasswordResetsTest = MailedTokensTest;

constexpr char kEmail[] = "ann@example.com";
constexpr char kOld[] = "correct horse";
constexpr char kNew[] = "battery staple";

TEST_F(PasswordResetsTest, TokenGivesTheAccountAnotherPasswordOnce) {
  const UserPtr user = Make(kEmail);
  const std::string token = RequestReset(kEmail);
  ASSERT_FALSE(token.empty());
  const auto changed = Reset(token, kNew);
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ((*changed)->id, user->id);
  EXPECT_TRUE(LogIn(kEmail, kNew).ok());
  EXPECT_EQ(ErrorReason(LogIn(kEmail, kOld)), "INVALID_CREDENTIALS");
  EXPECT_EQ(ErrorReason(Reset(token, "yet another one").status()), "TOKEN_INVALID");
  EXPECT_TRUE(LogIn(kEmail, kNew).ok());
}

TEST_F(PasswordResetsTest, OfTwoUsesAtTheSameMomentOneSucceeds) {
  for (int round = 0; round < 25; ++round) {
    const std::string email = "ann" + std::to_string(round) + "@example.com";
    Make(email);
    const std::string token = RequestReset(email);
    const std::string passwords[] = {"the first one", "the second one"};
    absl::Status statuses[2];
    std::thread other([&] { statuses[1] = Reset(token, passwords[1]).status(); });
    statuses[0] = Reset(token, passwords[0]).status();
    other.join();
    ASSERT_NE(statuses[0].ok(), statuses[1].ok()) << statuses[0] << " " << statuses[1];
    const int winner = statuses[0].ok() ? 0 : 1;
    EXPECT_EQ(ErrorReason(statuses[1 - winner]), "TOKEN_INVALID");
    EXPECT_TRUE(LogIn(email, passwords[winner]).ok());
    EXPECT_FALSE(LogIn(email, passwords[1 - winner]).ok());
  }
}

TEST_F(PasswordResetsTest, OnlyActiveAccountsAreSentOne) {
  const UserPtr user = Make(kEmail);
  EXPECT_EQ(RequestReset("nobody@example.com"), "");
  Sql("UPDATE users SET is_active = false");
  EXPECT_EQ(RequestReset(kEmail), "");
  EXPECT_TRUE(mail_queue_.notices().empty());
}

TEST_F(PasswordResetsTest, MailGoesToTheEmailAsItIsStored) {
  const std::string id = InsertForeign("Kim@Example.com", "$2b$04$" + std::string(53, 'a'));
  ASSERT_NE(RequestReset("kIM@EXAMPLE.COM"), "");
  EXPECT_EQ(mail_queue_.notices()[0].email, "Kim@Example.com");
  EXPECT_EQ(mail_queue_.notices()[0].user_id, id);
  // Other programs convert the Kelvin sign to k and the dotless i to i when they change the case.
  EXPECT_EQ(RequestReset("\u212Aim@example.com"), "");
  EXPECT_EQ(RequestReset("k\u0131m@example.com"), "");
}

TEST_F(PasswordResetsTest, TokenDiesWithThePasswordOrTheEmail) {
  const UserPtr user = Make(kEmail);
  const std::string before_email = RequestReset(kEmail);
  Sql("UPDATE users SET email = 'anna@example.com'");
  EXPECT_EQ(ErrorReason(Reset(before_email, kNew).status()), "TOKEN_INVALID");
  const std::string before_password = RequestReset("anna@example.com");
  ASSERT_TRUE(Change(user->id, kOld, kNew).ok());
  EXPECT_EQ(ErrorReason(Reset(before_password, "another one").status()), "TOKEN_INVALID");
  EXPECT_TRUE(LogIn("anna@example.com", kNew).ok());
}

TEST_F(PasswordResetsTest, RaisedCostKillsNoToken) {
  const UserPtr user = Make(kEmail);
  const std::string token = RequestReset(kEmail);
  Rehash(user->id);
  EXPECT_TRUE(Reset(token, kNew).ok());
  EXPECT_TRUE(LogIn(kEmail, kNew).ok());
}

TEST_F(PasswordResetsTest, BannedOrErasedAccountIsRefused) {
  Make(kEmail);
  const std::string token = RequestReset(kEmail);
  Sql("UPDATE users SET is_active = false");
  EXPECT_EQ(ErrorReason(Reset(token, kNew).status()), "ACCOUNT_INACTIVE");
  Sql("DELETE FROM users");
  EXPECT_EQ(ErrorReason(Reset(token, kNew).status()), "TOKEN_INVALID");
  Make(kEmail);
  EXPECT_EQ(ErrorReason(Reset(token, kNew).status()), "TOKEN_INVALID");
}

TEST_F(PasswordResetsTest, TokenExpiresAfterHalfAnHour) {
  Make(kEmail);
  const std::string token = RequestReset(kEmail);
  clock_.Advance(absl::Minutes(30));
  EXPECT_EQ(ErrorReason(Reset(token, kNew).status()), "TOKEN_EXPIRED");
}

TEST_F(PasswordResetsTest, NoOtherTokenResetsAPassword) {
  Make(kEmail);
  const auto tokens = SyncWait(sessions_.LogIn(kEmail, Secret(kOld), Soon())).tokens;
  ASSERT_TRUE(tokens.ok());
  for (const Secret& token : {tokens->access_token, tokens->refresh_token}) {
    EXPECT_EQ(ErrorReason(Reset(token.Reveal(), kNew).status()), "TOKEN_INVALID");
  }
  EXPECT_EQ(ErrorReason(Reset(SignUp("bob@example.com"), kNew).status()), "TOKEN_INVALID");
}

TEST_F(PasswordResetsTest, WithoutAWebhookEveryRequestIsRefusedAlike) {
  PasswordResets without(users_, passwords_, keys_, clock_, fingerprint_key_, nullptr);
  EXPECT_EQ(ErrorReason(without.ReserveMail().status()), "WEBHOOK_NOT_CONFIGURED");
}

}  // namespace
}  // namespace vibestack::user_service

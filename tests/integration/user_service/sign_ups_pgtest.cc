#include "user_service/domain/sign_ups.h"

#include <thread>

#include "tests/integration/user_service/mail_queue.h"

namespace vibestack::user_service {
namespace {

class SignUpsTest : public MailedTokensTest {
 protected:
  absl::StatusOr<UserPtr> Confirm(const std::string& token, const std::string& password,
                                  const std::string& full_name = "Ann") {
    NewAccount account;
    account.password = Secret(password);
    account.full_name = full_name;
    return SyncWait(sign_ups_.Confirm(token, std::move(account), Soon()));
  }
  std::string Count() { return Sql("SELECT count(*) FROM users")[0][0].c_str(); }
};

constexpr char kPassword[] = "correct horse";

TEST_F(SignUpsTest, ConfirmedSignUpMakesTheAccountThatItsTokenSays) {
  const std::string token = SignUp("Ann@Example.com");
  ASSERT_FALSE(token.empty());
  EXPECT_EQ(Count(), "0");
  const Notice& notice = mail_queue_.notices().back();
  EXPECT_EQ(notice.event, Notice::Event::kSignUp);
  EXPECT_EQ(notice.email, "ann@example.com");
  const auto made = Confirm(token, kPassword);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ((*made)->id, notice.user_id);
  EXPECT_EQ((*made)->email, "ann@example.com");
  EXPECT_EQ((*made)->full_name, "Ann");
  EXPECT_TRUE((*made)->is_active);
  EXPECT_FALSE((*made)->is_superuser);
  EXPECT_TRUE(LogIn("ann@example.com", kPassword).ok());
}

TEST_F(SignUpsTest, TheOwnerOfAnAccountGetsAMailWithoutAToken) {
  const UserPtr user = Make("ann@example.com");
  EXPECT_EQ(SignUp("ANN@example.com"), "");
  ASSERT_EQ(mail_queue_.notices().size(), 1U);
  EXPECT_EQ(mail_queue_.notices()[0].event, Notice::Event::kSignUpExisting);
  EXPECT_EQ(mail_queue_.notices()[0].email, "ann@example.com");
  EXPECT_EQ(mail_queue_.notices()[0].user_id, user->id);
}

TEST_F(SignUpsTest, RepeatedConfirmationReturnsWhatExists) {
  const std::string token = SignUp("ann@example.com");
  const auto made = Confirm(token, kPassword);
  const auto again = Confirm(token, kPassword);
  ASSERT_TRUE(made.ok() && again.ok()) << again.status();
  EXPECT_EQ((*again)->id, (*made)->id);
  EXPECT_EQ((*again)->updated_at, (*made)->updated_at);
  EXPECT_EQ(ErrorReason(Confirm(token, "another password").status()), "TOKEN_USED");
  EXPECT_EQ(ErrorReason(Confirm(token, kPassword, "Bob").status()), "TOKEN_USED");
  EXPECT_TRUE(LogIn("ann@example.com", kPassword).ok());
}

TEST_F(SignUpsTest, OldTokenRaisesNoBannedAccount) {
  const std::string token = SignUp("ann@example.com");
  ASSERT_TRUE(Confirm(token, kPassword).ok());
  Sql("UPDATE users SET is_active = false");
  EXPECT_EQ(ErrorReason(Confirm(token, kPassword).status()), "TOKEN_USED");
  EXPECT_EQ(ErrorReason(LogIn("ann@example.com", kPassword)), "INVALID_CREDENTIALS");
}

TEST_F(SignUpsTest, OfManyConfirmationsAtOnceOneMakesTheAccount) {
  for (int round = 0; round < 10; ++round) {
    Sql("TRUNCATE users, agent_jobs CASCADE");
    // Two sign-ups with the same email in different case. Each is confirmed twice.
    const std::string tokens[] = {SignUp("ann@example.com"), SignUp("ANN@EXAMPLE.com")};
    absl::StatusOr<UserPtr> made[4] = {absl::UnknownError(""), absl::UnknownError(""),
                                       absl::UnknownError(""), absl::UnknownError("")};
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] { made[i] = Confirm(tokens[i % 2], kPassword); });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(Count(), "1");
    const int winner = made[0].ok() ? 0 : 1;
    for (int i = 0; i < 4; ++i) {
      if (i % 2 == winner) {
        EXPECT_TRUE(made[i].ok()) << made[i].status();
      } else {
        EXPECT_EQ(ErrorReason(made[i].status()), "EMAIL_TAKEN") << made[i].status();
      }
    }
  }
}

TEST_F(SignUpsTest, TokenExpiresAfterADay) {
  const std::string token = SignUp("ann@example.com");
  clock_.Advance(absl::Hours(24));
  EXPECT_EQ(ErrorReason(Confirm(token, kPassword).status()), "TOKEN_EXPIRED");
}

TEST_F(SignUpsTest, NoOtherTokenMakesAnAccount) {
  Make("ann@example.com");
  EXPECT_EQ(ErrorReason(Confirm(RequestReset("ann@example.com"), kPassword).status()),
            "TOKEN_INVALID");
  EXPECT_EQ(Count(), "1");
}

TEST_F(SignUpsTest, WhereSignUpWasClosedNoTokenIsGoodAnyMore) {
  const std::string token = SignUp("ann@example.com");
  SignUps closed(SignUpMode::kClosed, users_, accounts_, keys_, clock_, nullptr);
  NewAccount account;
  account.password = Secret(kPassword);
  const absl::Status status = SyncWait(closed.Confirm(token, std::move(account), Soon())).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ErrorReason(status), "SIGN_UP_CLOSED");
}

}  // namespace
}  // namespace vibestack::user_service

// Changed and forgotten passwords.
#include <future>

#include "tests/e2e/auth/mail/mail_fixture.h"
#include "tests/support/database.h"

namespace vibestack::e2e {
namespace {

using std::string_literals::operator""s;

// One second, plus the time of a few calls on a busy machine.
constexpr absl::Duration kWithinASecond = absl::Milliseconds(1'300);
constexpr char kNew[] = "battery staple";

class Passwords : public MailTest {
 protected:
  // Expects that `change` ends the tokens of `person`: in user_service before the call of `change`
  // returns, in job_service within a second.
  void ExpectTokensDieWith(const Person& person, const std::function<void()>& change) {
    ASSERT_TRUE(GetMe(person.access_token).ok());
    ASSERT_TRUE(ListJobs(person.access_token).ok());
    change();
    const absl::Time changed = absl::Now();
    EXPECT_EQ(GetMe(person.access_token).reason(), "TOKEN_INVALID");
    EXPECT_EQ(Refresh(person.refresh_token).reason(), "TOKEN_INVALID");
    EXPECT_TRUE(Eventually(absl::Seconds(10), [&] { return !ListJobs(person.access_token).ok(); }));
    EXPECT_LE(absl::Now() - changed, kWithinASecond);
    EXPECT_EQ(ListJobs(person.access_token).reason(), "TOKEN_INVALID");
  }
};

TEST_F(Passwords, ResetTokenGivesAnotherPasswordOnceAndEndsEverySession) {
  const Person person = services_.SignUp();
  const std::string token = ResetToken(person.email);
  ExpectTokensDieWith(person, [&] {
    const auto reset = Reset(token, kNew);
    ASSERT_TRUE(reset.ok()) << Describe(reset.status);
  });
  EXPECT_EQ(TryLogIn(person.email, person.password).reason(), "INVALID_CREDENTIALS");
  EXPECT_TRUE(TryLogIn(person.email, kNew).ok());
  const auto again = Reset(token, "another one");
  EXPECT_EQ(again.code(), grpc::UNAUTHENTICATED);
  EXPECT_EQ(again.reason(), "TOKEN_INVALID");
  EXPECT_TRUE(TryLogIn(person.email, kNew).ok());
}

TEST_F(Passwords, OfTwoResetsByOneTokenAtTheSameMomentOneSucceeds) {
  const Person person = services_.SignUp();
  for (int round = 0; round < 20; ++round) {
    const std::string token = ResetToken(person.email);
    const std::string passwords[] = {"the first one", "the second one"};
    auto other = std::async(std::launch::async, [&] { return Reset(token, passwords[1]); });
    const auto first = Reset(token, passwords[0]);
    const auto second = other.get();
    ASSERT_NE(first.ok(), second.ok()) << Describe(first.status) << Describe(second.status);
    EXPECT_EQ((first.ok() ? second : first).reason(), "TOKEN_INVALID");
    EXPECT_TRUE(TryLogIn(person.email, passwords[first.ok() ? 0 : 1]).ok());
    EXPECT_FALSE(TryLogIn(person.email, passwords[first.ok() ? 1 : 0]).ok());
  }
}

TEST_F(Passwords, ResetTokenDiesWithTheEmailOrThePassword) {
  const Person superuser = services_.CreateSuperuser();
  const Person person = services_.SignUp();
  const std::string before_email = ResetToken(person.email);
  user::v1::UpdateUserRequest update;
  update.mutable_user()->set_id(person.id);
  update.mutable_user()->set_email("moved." + person.email);
  ASSERT_TRUE(Call(services_.users(), &UserService::Stub::UpdateUser, update,
                   {.token = superuser.access_token})
                  .ok());
  EXPECT_EQ(Reset(before_email, kNew).reason(), "TOKEN_INVALID");
  const std::string before_password = ResetToken("moved." + person.email);
  ASSERT_TRUE(ChangePassword(person.access_token, person.password, kNew).ok());
  EXPECT_EQ(Reset(before_password, "another one").reason(), "TOKEN_INVALID");
  EXPECT_TRUE(TryLogIn("moved." + person.email, kNew).ok());
}

TEST_F(Passwords, ResetOfABannedAccountIsRefusedAndNotMailed) {
  const Person person = services_.SignUp();
  const std::string token = ResetToken(person.email);
  Database().Run("UPDATE users SET is_active = false WHERE id = '" + person.id + "'");
  EXPECT_EQ(Reset(token, kNew).reason(), "ACCOUNT_INACTIVE");
  EXPECT_TRUE(RequestReset(person.email).ok());
  const Person other = services_.SignUp();
  EXPECT_NE(ResetToken(other.email), "");  // by then the other mail would have arrived
  EXPECT_TRUE(mailbox_.Take(person.email).empty());
}

TEST_F(Passwords, OneTokenIsNotGoodForAnother) {
  const Person person = services_.SignUp();
  const std::string reset = ResetToken(person.email);
  EXPECT_EQ(GetMe(reset).reason(), "TOKEN_INVALID");
  EXPECT_EQ(ListJobs(reset).reason(), "TOKEN_INVALID");
  EXPECT_EQ(Refresh(reset).reason(), "TOKEN_INVALID");
  for (const std::string& token :
       {person.access_token, person.refresh_token, services_.service_token(), reset + "x"}) {
    EXPECT_EQ(Reset(token, kNew).reason(), "TOKEN_INVALID");
  }
  EXPECT_TRUE(Reset(reset, kNew).ok());
}

TEST_F(Passwords, ChangedPasswordEndsEverySessionButTheNewOne) {
  const Person person = services_.SignUp();
  Result<user::v1::TokenResponse> changed;
  ExpectTokensDieWith(person, [&] {
    changed = ChangePassword(person.access_token, person.password, kNew);
    ASSERT_TRUE(changed.ok()) << Describe(changed.status);
  });
  EXPECT_TRUE(GetMe(changed.value.access_token()).ok());
  EXPECT_TRUE(
      Eventually(kWithinASecond, [&] { return ListJobs(changed.value.access_token()).ok(); }));
  EXPECT_TRUE(Refresh(changed.value.refresh_token()).ok());
  EXPECT_FALSE(TryLogIn(person.email, person.password).ok());
  EXPECT_TRUE(TryLogIn(person.email, kNew).ok());
}

TEST_F(Passwords, ChangeNeedsTheOldPassword) {
  const Person person = services_.SignUp();
  const auto refused = ChangePassword(person.access_token, "not that one", kNew);
  EXPECT_EQ(refused.code(), grpc::PERMISSION_DENIED);
  EXPECT_EQ(refused.reason(), "INVALID_CREDENTIALS");
  EXPECT_EQ(BadFields(ChangePassword(person.access_token, "", kNew).status),
            std::set<std::string>{"current_password"});
  EXPECT_TRUE(GetMe(person.access_token).ok());
  EXPECT_TRUE(TryLogIn(person.email, person.password).ok());
}

TEST(PasswordsWithoutAWebhook, ResetsAreRefusedForEveryEmailAlike) {
  Services services;
  const Person person = services.SignUp();
  std::set<std::string> answers;
  for (const std::string& email : {person.email, "nobody."s + person.email}) {
    user::v1::RequestPasswordResetRequest request;
    request.set_email(email);
    const auto refused = Call(services.auth(), &AuthService::Stub::RequestPasswordReset, request);
    EXPECT_EQ(refused.code(), grpc::FAILED_PRECONDITION);
    EXPECT_EQ(refused.reason(), "WEBHOOK_NOT_CONFIGURED");
    answers.insert(Describe(refused.status));
  }
  EXPECT_EQ(answers.size(), 1U);
}

}  // namespace
}  // namespace vibestack::e2e

// Other calls that take passwords, tokens or emails are rate limited like Login.
#include <gmock/gmock.h>

#include <functional>
#include <map>

#include "tests/support/mailbox.h"
#include "tests/support/services.h"

namespace vibestack::e2e {
namespace {

using testing::HasSubstr;

constexpr char kAttacker[] = "198.51.100.1";
constexpr char kHome[] = "192.0.2.7";

class OtherRateLimits : public testing::Test {
 protected:
  using Reasons = std::map<std::string, int>;

  static Reasons Times(int times, const std::function<std::string()>& call) {
    Reasons reasons;
    for (int i = 0; i < times; ++i) ++reasons[call()];
    return reasons;
  }
  std::string ChangePassword(const std::string& present, const std::string& from) {
    user::v1::ChangePasswordRequest request;
    request.set_current_password(present);
    request.set_new_password(ann_.password);
    return Call(services_.auth(), &AuthService::Stub::ChangePassword, request,
                {.token = ann_.access_token, .forwarded_for = from})
        .reason();
  }
  std::string RequestReset(const std::string& email, const std::string& from) {
    user::v1::RequestPasswordResetRequest request;
    request.set_email(email);
    return Call(services_.auth(), &AuthService::Stub::RequestPasswordReset, request,
                {.forwarded_for = from})
        .reason();
  }
  std::string Reset(const std::string& token, const std::string& from) {
    user::v1::ResetPasswordRequest request;
    request.set_token(token);
    request.set_new_password("battery staple");
    return Call(services_.auth(), &AuthService::Stub::ResetPassword, request,
                {.forwarded_for = from})
        .reason();
  }
  std::string ConfirmSignUp(const std::string& token, const std::string& from) {
    user::v1::ConfirmSignUpRequest request;
    request.set_token(token);
    request.set_password("battery staple");
    return Call(services_.auth(), &AuthService::Stub::ConfirmSignUp, request,
                {.forwarded_for = from})
        .reason();
  }

  Mailbox mailbox_;
  Services services_{{.user_flags = mailbox_.Flags(
                          {"--trusted_proxies=127.0.0.0/8", "--login_failure_window=1h"})}};
  const Person ann_ = services_.SignUp();
};

TEST_F(OtherRateLimits, AStolenTokenCannotBeUsedToFindThePassword) {
  EXPECT_EQ(Times(30, [this] { return ChangePassword("wrong horse", kAttacker); }),
            (Reasons{{"INVALID_CREDENTIALS", 10}, {"TOO_MANY_ATTEMPTS", 20}}));
  EXPECT_EQ(ChangePassword(ann_.password, kAttacker), "TOO_MANY_ATTEMPTS");
  EXPECT_EQ(ChangePassword(ann_.password, kHome), "");
  EXPECT_THAT(services_.user().log(), HasSubstr(R"("event":"password_changed","audit":true)"));
}

TEST_F(OtherRateLimits, RequestsForResetsAreLimitedTheSameForKnownAndUnknownEmails) {
  const Reasons ten_of_thirty{{"", 10}, {"TOO_MANY_ATTEMPTS", 20}};
  for (const std::string& email : {ann_.email, "nobody-" + ann_.email}) {
    EXPECT_EQ(Times(30, [&] { return RequestReset(email, kAttacker); }), ten_of_thirty) << email;
    EXPECT_EQ(RequestReset(email, kHome), "") << email;
  }
  EXPECT_THAT(services_.user().log(),
              HasSubstr(R"("event":"password_reset_requested","audit":true)"));
}

TEST_F(OtherRateLimits, InvalidTokensAreLimitedByAddress) {
  int number = 0;
  EXPECT_EQ(Times(60, [&] { return Reset("invented" + std::to_string(++number), kAttacker); }),
            (Reasons{{"TOKEN_INVALID", 60}}));
  EXPECT_EQ(
      Times(60, [&] { return ConfirmSignUp("invented" + std::to_string(++number), kAttacker); }),
      (Reasons{{"TOKEN_INVALID", 40}, {"TOO_MANY_ATTEMPTS", 20}}));
  ASSERT_EQ(RequestReset(ann_.email, kHome), "");
  EXPECT_EQ(Reset(mailbox_.Await(ann_.email)["token"], kHome), "");
  EXPECT_THAT(services_.user().log(), HasSubstr(R"("event":"password_reset","audit":true,)"
                                                R"("user_id":")" +
                                                ann_.id));
}

}  // namespace
}  // namespace vibestack::e2e

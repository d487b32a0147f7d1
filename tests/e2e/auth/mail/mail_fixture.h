#ifndef VIBESTACK_TESTS_E2E_AUTH_MAIL_MAIL_FIXTURE_H_
#define VIBESTACK_TESTS_E2E_AUTH_MAIL_MAIL_FIXTURE_H_

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tests/support/mailbox.h"
#include "tests/support/services.h"

namespace vibestack::e2e {

// Both services with a webhook that keeps the mails, and the calls for passwords and sign-up.
class MailTest : public testing::Test {
 protected:
  explicit MailTest(std::vector<std::string> flags = {})
      : services_({.user_flags = mailbox_.Flags(WithoutLimits(std::move(flags)))}) {}

  // These tests would otherwise exceed the rate limits.
  static std::vector<std::string> WithoutLimits(std::vector<std::string> flags) {
    for (const char* name : {"login_failures_per_account_and_address", "login_failures_per_address",
                             "login_failures_per_account"}) {
      flags.push_back(std::string("--") + name + "=1000000");
    }
    return flags;
  }

  Result<user::v1::RequestPasswordResetResponse> RequestReset(const std::string& email) {
    user::v1::RequestPasswordResetRequest request;
    request.set_email(email);
    return Call(services_.auth(), &AuthService::Stub::RequestPasswordReset, request);
  }
  // Asks for a reset token and takes it out of the mail.
  std::string ResetToken(const std::string& email) {
    const auto requested = RequestReset(email);
    EXPECT_TRUE(requested.ok()) << Describe(requested.status);
    return mailbox_.Await(email)["token"];
  }
  Result<user::v1::ResetPasswordResponse> Reset(const std::string& token,
                                                const std::string& password) {
    user::v1::ResetPasswordRequest request;
    request.set_token(token);
    request.set_new_password(password);
    return Call(services_.auth(), &AuthService::Stub::ResetPassword, request);
  }
  Result<user::v1::TokenResponse> ChangePassword(const std::string& access_token,
                                                 const std::string& current_password,
                                                 const std::string& new_password) {
    user::v1::ChangePasswordRequest request;
    request.set_current_password(current_password);
    request.set_new_password(new_password);
    return Call(services_.auth(), &AuthService::Stub::ChangePassword, request,
                {.token = access_token});
  }
  Result<user::v1::TokenResponse> TryLogIn(const std::string& email, const std::string& password) {
    user::v1::LoginRequest request;
    request.set_email(email);
    request.set_password(password);
    return Call(services_.auth(), &AuthService::Stub::Login, request);
  }
  Result<user::v1::TokenResponse> Refresh(const std::string& refresh_token) {
    user::v1::RefreshTokenRequest request;
    request.set_refresh_token(refresh_token);
    return Call(services_.auth(), &AuthService::Stub::RefreshToken, request);
  }
  Result<user::v1::IntrospectTokenResponse> Introspect(const std::string& token) {
    user::v1::IntrospectTokenRequest request;
    request.set_token(token);
    return Call(services_.auth(), &AuthService::Stub::IntrospectToken, request,
                {.token = services_.service_token()});
  }
  Result<user::v1::User> GetMe(const std::string& access_token) {
    user::v1::GetUserRequest request;
    request.set_id("me");
    return Call(services_.users(), &UserService::Stub::GetUser, request, {.token = access_token});
  }
  Result<job::v1::ListJobsResponse> ListJobs(const std::string& access_token) {
    return Call(services_.jobs(), &JobService::Stub::ListJobs, job::v1::ListJobsRequest(),
                {.token = access_token});
  }

  Mailbox mailbox_;
  Services services_;
};

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_E2E_AUTH_MAIL_MAIL_FIXTURE_H_

#ifndef VIBESTACK_USER_SERVICE_API_AUTH_API_H_
#define VIBESTACK_USER_SERVICE_API_AUTH_API_H_

#include "absl/status/statusor.h"
#include "common/async/task.h"
#include "common/auth/key_set.h"
#include "common/auth/token.h"
#include "common/rpc/call.h"
#include "common/rpc/call_interceptor.h"
#include "common/rpc/service.h"
#include "common/telemetry/metrics.h"
#include "user_service/api/auth_rate_limiter.h"
#include "user_service/api/login_metrics.h"
#include "user_service/domain/accounts.h"
#include "user_service/domain/introspections.h"
#include "user_service/domain/password_changes.h"
#include "user_service/domain/password_resets.h"
#include "user_service/domain/sessions.h"
#include "user_service/domain/sign_ups.h"
#include "vibestack/user/v1/auth_service.pb.h"

namespace vibestack::user_service {

// The handlers of vibestack.user.v1.AuthService, as auth_service.proto describes them. Thread-safe.
class AuthApi {
 public:
  // The domain objects that the handlers call.
  struct Domain {
    Accounts& accounts;
    Sessions& sessions;
    SignUps& sign_ups;
    PasswordChanges& password_changes;
    PasswordResets& password_resets;
    Introspections& introspections;
  };

  // The references, also those in `domain`, must outlive this.
  AuthApi(rpc::CallInterceptor& interceptor, AuthRateLimiter& auth_rate_limiter, Domain domain,
          auth::KeySetProvider keys, Metrics& metrics);
  AuthApi(const AuthApi&) = delete;
  AuthApi& operator=(const AuthApi&) = delete;

  // The service for the gRPC server. This must outlive the server.
  rpc::Service& service() { return service_; }

 private:
  template <typename Response>
  using Answer = Task<absl::StatusOr<Response>>;

  void BindMethods();
  Answer<user::v1::Jwks> GetJwks(rpc::Call& call, const user::v1::GetJwksRequest& request);

  // auth_login.cc
  Answer<user::v1::TokenResponse> Login(rpc::Call& call, const user::v1::LoginRequest& request);
  // The part of Login after the rate limits have admitted the call. Sets `refusal`, which must
  // outlive the task.
  Answer<user::v1::TokenResponse> LogInAdmitted(rpc::Call& call,
                                                const user::v1::LoginRequest& request,
                                                Sessions::Refusal& refusal);
  Answer<user::v1::TokenResponse> RefreshToken(rpc::Call& call,
                                               const user::v1::RefreshTokenRequest& request);
  // auth_sign_up.cc
  Answer<user::v1::User> SignUp(rpc::Call& call, const user::v1::SignUpRequest& request);
  // SignUp in the modes kOpen and kConfirmed.
  Answer<user::v1::User> CreateAccount(rpc::Call& call, const user::v1::SignUpRequest& request);
  absl::StatusOr<user::v1::User> BeginSignUp(const rpc::Call& call,
                                             const user::v1::SignUpRequest& request);
  Answer<user::v1::User> ConfirmSignUp(rpc::Call& call,
                                       const user::v1::ConfirmSignUpRequest& request);
  // auth_passwords.cc
  Answer<user::v1::TokenResponse> ChangePassword(rpc::Call& call,
                                                 const user::v1::ChangePasswordRequest& request);
  Answer<user::v1::RequestPasswordResetResponse> RequestPasswordReset(
      rpc::Call& call, const user::v1::RequestPasswordResetRequest& request);
  Answer<user::v1::ResetPasswordResponse> ResetPassword(
      rpc::Call& call, const user::v1::ResetPasswordRequest& request);
  // auth_introspect.cc
  Answer<user::v1::IntrospectTokenResponse> IntrospectToken(
      rpc::Call& call, const user::v1::IntrospectTokenRequest& request);

  AuthRateLimiter& auth_rate_limiter_;
  const Domain domain_;
  const auth::KeySetProvider keys_;
  LoginMetrics logins_;
  rpc::Service service_;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_API_AUTH_API_H_

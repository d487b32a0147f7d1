#include "user_service/api/auth_api.h"

#include <utility>

#include "common/rpc/call_audit.h"
#include "user_service/api/checks.h"
#include "user_service/api/convert.h"
#include "vibestack/user/v1/auth_service.raw.h"

namespace vibestack::user_service {

using rpc::Call;
using user::v1::GetJwksRequest;
using user::v1::Jwks;
using user::v1::LoginRequest;
using user::v1::RefreshTokenRequest;
using user::v1::TokenResponse;

AuthApi::AuthApi(rpc::CallInterceptor& interceptor, AuthRateLimiter& guesses, Domain domain,
                 auth::KeySetProvider keys, Metrics& metrics)
    : guesses_(guesses),
      domain_(domain),
      keys_(std::move(keys)),
      logins_(metrics),
      service_(user::v1::RawAuthService(), interceptor) {
  BindMethods();
}

void AuthApi::BindMethods() {
  service_.Unary("SignUp", this, &AuthApi::SignUp);
  service_.Unary("ConfirmSignUp", this, &AuthApi::ConfirmSignUp);
  service_.Unary("Login", this, &AuthApi::Login);
  service_.Unary("RefreshToken", this, &AuthApi::RefreshToken);
  service_.Unary("ChangePassword", this, &AuthApi::ChangePassword);
  service_.Unary("RequestPasswordReset", this, &AuthApi::RequestPasswordReset);
  service_.Unary("ResetPassword", this, &AuthApi::ResetPassword);
  service_.Unary("IntrospectToken", this, &AuthApi::IntrospectToken);
  service_.Unary("GetJwks", this, &AuthApi::GetJwks);
}

Task<absl::StatusOr<TokenResponse>> AuthApi::Login(Call& call, const LoginRequest& request) {
  rpc::Validator validator;
  CheckSoughtEmail(validator, request.email());
  if (request.password().empty()) validator.Add("password", "is required");
  CheckPresentPassword(validator, "password", request.password());
  if (!validator.ok()) co_return validator.ToStatus();
  Task<absl::StatusOr<TokenResponse>> log_in = LogIn(call, request);
  const std::string account = "email:" + NormalizeEmail(request.email());
  absl::StatusOr<TokenResponse> tokens =
      co_await guesses_.Limit(call, "login", account, std::move(log_in));
  logins_.RecordLimited(tokens.status());
  co_return tokens;
}

Task<absl::StatusOr<TokenResponse>> AuthApi::LogIn(Call& call, const LoginRequest& request) {
  const Sessions::LogInOutcome outcome = co_await domain_.sessions.LogIn(
      request.email(), Secret(request.password()), call.WorkDeadline());
  logins_.Record(outcome);
  if (outcome.tokens.ok()) {
    rpc::AuditCall(call, "login_ok", {{"user_id", outcome.user_id}});
  } else if (absl::IsUnauthenticated(outcome.tokens.status())) {
    rpc::AuditCall(call, "login_failed",
                   {{"user_id", outcome.user_id}, {"reason", outcome.refusal}});
  }
  co_return ToAnswer(outcome.tokens);
}

Task<absl::StatusOr<TokenResponse>> AuthApi::RefreshToken(Call& call,
                                                          const RefreshTokenRequest& request) {
  rpc::Validator validator;
  CheckToken(validator, "refresh_token", request.refresh_token());
  if (!validator.ok()) co_return validator.ToStatus();
  const absl::StatusOr<Sessions::Tokens> tokens =
      co_await domain_.sessions.Refresh(request.refresh_token(), call.WorkDeadline());
  co_return ToAnswer(tokens);
}

Task<absl::StatusOr<Jwks>> AuthApi::GetJwks(Call&, const GetJwksRequest&) {
  Jwks jwks;
  for (const auth::Jwk& key : keys_()->Jwks()) {
    user::v1::Jwk& jwk = *jwks.add_keys();
    jwk.set_kty("EC");
    jwk.set_crv("P-256");
    jwk.set_x(key.x);
    jwk.set_y(key.y);
    jwk.set_use("sig");
    jwk.set_alg("ES256");
    jwk.set_kid(key.kid);
  }
  co_return jwks;
}

}  // namespace vibestack::user_service

#include "user_service/api/auth_api.h"

#include <utility>

#include "vibestack/user/v1/auth_service.raw.h"

namespace vibestack::user_service {

using rpc::Call;
using user::v1::GetJwksRequest;
using user::v1::Jwks;
using user::v1::LoginRequest;

AuthApi::AuthApi(rpc::CallInterceptor& interceptor, AuthRateLimiter& auth_rate_limiter,
                 Domain domain, auth::KeySetProvider keys, Metrics& metrics)
    : auth_rate_limiter_(auth_rate_limiter),
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

#include "user_service/api/auth_api.h"

#include <memory>
#include <utility>

#include "common/auth/bcrypt.h"
#include "common/rpc/call_audit.h"
#include "user_service/api/checks.h"
#include "user_service/api/convert.h"

namespace vibestack::user_service {
namespace {

using rpc::Call;
using user::v1::GetJwksRequest;
using user::v1::Jwks;
using user::v1::LoginRequest;
using user::v1::RefreshTokenRequest;
using user::v1::SignUpRequest;
using user::v1::TokenResponse;

TokenResponse ToProto(const Sessions::Tokens& tokens) {
  TokenResponse response;
  response.set_access_token(tokens.access_token.Reveal());
  response.set_token_type("Bearer");
  response.set_expires_in(absl::ToInt64Seconds(tokens.expires_in));
  response.set_refresh_token(tokens.refresh_token.Reveal());
  return response;
}

// Not the rules of a new account: those who have one by older rules must get in.
absl::Status CheckLogin(const LoginRequest& request) {
  rpc::Validator validator;
  validator.Text("email", request.email(), 1, kMaxEmailCharacters);
  const std::string& password = request.password();
  if (password.empty()) validator.Add("password", "is required");
  if (password.size() > auth::kMaxPasswordBytes) {
    validator.Add("password", "must have at most 72 bytes");
  }
  if (password.find('\0') != std::string::npos) {
    validator.Add("password", "must not contain NUL");
  }
  return validator.ToStatus();
}

}  // namespace

AuthApi::AuthApi(rpc::Guard& guard, GuessGuard& guesses, Accounts& accounts, Sessions& sessions,
                 auth::KeySetProvider keys)
    : guesses_(guesses),
      accounts_(accounts),
      sessions_(sessions),
      keys_(std::move(keys)),
      service_(*LoginRequest::descriptor()->file()->FindServiceByName("AuthService"), guard) {
  BindMethods();
}

void AuthApi::BindMethods() {
  service_.Unary<SignUpRequest, user::v1::User>(
      "SignUp", [this](Call& call, const SignUpRequest& request) { return SignUp(call, request); });
  service_.Unary<LoginRequest, TokenResponse>(
      "Login", [this](Call& call, const LoginRequest& request) { return Login(call, request); });
  service_.Unary<RefreshTokenRequest, TokenResponse>(
      "RefreshToken", [this](Call& call, const RefreshTokenRequest& request) {
        return RefreshToken(call, request);
      });
  service_.Unary<GetJwksRequest, Jwks>("GetJwks",
                                       [this](Call&, const GetJwksRequest&) { return GetJwks(); });
}

Task<absl::StatusOr<user::v1::User>> AuthApi::SignUp(Call& call, const SignUpRequest& request) {
  rpc::Validator validator;
  NewAccount account = TakeAccount(validator, request);
  if (!validator.ok()) co_return validator.ToStatus();
  // That an email is taken tells something, so it counts against the address.
  Task<absl::StatusOr<UserPtr>> create = accounts_.Create(std::move(account), call.WorkDeadline());
  const std::string no_account;
  const absl::StatusOr<UserPtr> user =
      co_await guesses_.Limit(call, "sign_up", no_account, std::move(create));
  co_return ToAnswer(user);
}

Task<absl::StatusOr<TokenResponse>> AuthApi::Login(Call& call, const LoginRequest& request) {
  const absl::Status valid = CheckLogin(request);
  if (!valid.ok()) co_return valid;
  Task<absl::StatusOr<TokenResponse>> log_in = LogIn(call, request);
  const std::string account = "email:" + NormalizeEmail(request.email());
  absl::StatusOr<TokenResponse> tokens =
      co_await guesses_.Limit(call, "login", account, std::move(log_in));
  co_return tokens;
}

Task<absl::StatusOr<TokenResponse>> AuthApi::LogIn(Call& call, const LoginRequest& request) {
  const Sessions::LogInOutcome outcome =
      co_await sessions_.LogIn(request.email(), Secret(request.password()), call.WorkDeadline());
  if (outcome.tokens.ok()) {
    rpc::AuditCall(call, "login_ok", {{"user_id", outcome.user_id}});
    co_return ToProto(*outcome.tokens);
  }
  if (absl::IsUnauthenticated(outcome.tokens.status())) {
    rpc::AuditCall(call, "login_failed",
                   {{"user_id", outcome.user_id}, {"reason", outcome.refusal}});
  }
  co_return outcome.tokens.status();
}

Task<absl::StatusOr<TokenResponse>> AuthApi::RefreshToken(Call& call,
                                                          const RefreshTokenRequest& request) {
  if (request.refresh_token().empty()) {
    co_return InvalidFieldError("refresh_token", "is required");
  }
  const absl::StatusOr<Sessions::Tokens> tokens =
      co_await sessions_.Refresh(request.refresh_token(), call.WorkDeadline());
  if (!tokens.ok()) co_return tokens.status();
  co_return ToProto(*tokens);
}

Task<absl::StatusOr<Jwks>> AuthApi::GetJwks() {
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

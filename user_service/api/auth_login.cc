// Login and RefreshToken.
#include <string>
#include <utility>

#include "common/rpc/call_audit.h"
#include "user_service/api/auth_api.h"
#include "user_service/api/checks.h"
#include "user_service/api/convert.h"

namespace vibestack::user_service {

using rpc::Call;
using user::v1::LoginRequest;
using user::v1::RefreshTokenRequest;
using user::v1::TokenResponse;

namespace {

// The name in the audit log.
const char* RefusalName(Sessions::Refusal refusal) {
  switch (refusal) {
    case Sessions::Refusal::kUnknownEmail:
      return "unknown_email";
    case Sessions::Refusal::kWrongPassword:
      return "wrong_password";
    case Sessions::Refusal::kInactive:
      return "inactive";
    case Sessions::Refusal::kNone:
      break;
  }
  return "";
}

}  // namespace

Task<absl::StatusOr<TokenResponse>> AuthApi::Login(Call& call, const LoginRequest& request) {
  rpc::Validator validator;
  CheckEmailToFind(validator, request.email());
  CheckCurrentPassword(validator, "password", request.password());
  if (!validator.ok()) co_return validator.ToStatus();
  Sessions::Refusal refusal = Sessions::Refusal::kNone;
  // Lazy: the task starts only when the limits admit the call.
  Task<absl::StatusOr<TokenResponse>> log_in = LogInAdmitted(call, request, refusal);
  const std::string account = "email:" + NormalizeEmail(request.email());
  absl::StatusOr<TokenResponse> tokens =
      co_await auth_rate_limiter_.Limit(call, "login", account, std::move(log_in));
  logins_.Record(tokens.status(), refusal);
  co_return tokens;
}

Task<absl::StatusOr<TokenResponse>> AuthApi::LogInAdmitted(Call& call, const LoginRequest& request,
                                                           Sessions::Refusal& refusal) {
  const Sessions::LogInOutcome outcome = co_await domain_.sessions.LogIn(
      request.email(), Secret(request.password()), call.WorkDeadline());
  refusal = outcome.refusal;
  if (outcome.tokens.ok()) {
    rpc::AuditCall(call, "login_ok", {{"user_id", outcome.user_id}});
  } else if (absl::IsUnauthenticated(outcome.tokens.status())) {
    rpc::AuditCall(call, "login_failed",
                   {{"user_id", outcome.user_id}, {"reason", RefusalName(refusal)}});
  }
  co_return ToTokenResponse(outcome.tokens);
}

Task<absl::StatusOr<TokenResponse>> AuthApi::RefreshToken(Call& call,
                                                          const RefreshTokenRequest& request) {
  rpc::Validator validator;
  CheckToken(validator, "refresh_token", request.refresh_token());
  if (!validator.ok()) co_return validator.ToStatus();
  const absl::StatusOr<Sessions::Tokens> tokens =
      co_await domain_.sessions.Refresh(request.refresh_token(), call.WorkDeadline());
  co_return ToTokenResponse(tokens);
}

}  // namespace vibestack::user_service

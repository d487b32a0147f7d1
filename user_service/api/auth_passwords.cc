// Changes and resets of passwords.
#include <string>
#include <utility>

#include "common/rpc/call_audit.h"
#include "user_service/api/auth_api.h"
#include "user_service/api/checks.h"
#include "user_service/api/convert.h"
#include "user_service/api/run_after_response.h"
#include "user_service/domain/input_rules.h"

namespace vibestack::user_service {
namespace {

using rpc::Call;
using user::v1::ChangePasswordRequest;
using user::v1::RequestPasswordResetRequest;
using user::v1::RequestPasswordResetResponse;
using user::v1::ResetPasswordRequest;
using user::v1::ResetPasswordResponse;
using user::v1::TokenResponse;

}  // namespace

Task<absl::StatusOr<TokenResponse>> AuthApi::ChangePassword(Call& call,
                                                            const ChangePasswordRequest& request) {
  rpc::Validator validator;
  CheckCurrentPassword(validator, "current_password", request.current_password());
  CheckNewPassword(validator, "new_password", request.new_password());
  if (!validator.ok()) co_return validator.ToStatus();
  const std::string& id = call.caller().user_id;
  Task<absl::StatusOr<UserPtr>> change = domain_.password_changes.Change(
      id, Secret(request.current_password()), Secret(request.new_password()), call.WorkDeadline());
  const std::string account = "user:" + id;
  const absl::StatusOr<UserPtr> user =
      co_await auth_rate_limiter_.Limit(call, "password", account, std::move(change));
  if (!user.ok()) {
    if (absl::IsPermissionDenied(user.status())) {
      rpc::AuditCall(call, "password_change_failed", {{"user_id", id}});
    }
    co_return user.status();
  }
  rpc::AuditCall(call, "password_changed", {{"user_id", id}});
  co_return ToTokenResponse(domain_.sessions.IssueTokens(**user));
}

Task<absl::StatusOr<RequestPasswordResetResponse>> AuthApi::RequestPasswordReset(
    Call& call, const RequestPasswordResetRequest& request) {
  rpc::Validator validator;
  CheckEmailToFind(validator, request.email());
  if (!validator.ok()) co_return validator.ToStatus();
  absl::StatusOr<MailQueue::Slot> slot = domain_.password_resets.ReserveMail();
  if (!slot.ok()) co_return slot.status();
  // Counts only requests that may send a mail, so this comes after the checks and the reservation.
  const absl::Status allowed = auth_rate_limiter_.CountAttempt(
      call, "password_reset_request", "reset:" + NormalizeEmail(request.email()));
  if (!allowed.ok()) co_return allowed;
  // This line does not name the account, because the look-up comes later: see
  // `password_reset_sent`.
  rpc::AuditCall(call, "password_reset_requested");
  RunAfterResponse(domain_.password_resets.Send(*std::move(slot), request.email()));
  co_return RequestPasswordResetResponse();
}

Task<absl::StatusOr<ResetPasswordResponse>> AuthApi::ResetPassword(
    Call& call, const ResetPasswordRequest& request) {
  rpc::Validator validator;
  CheckToken(validator, "token", request.token());
  CheckNewPassword(validator, "new_password", request.new_password());
  if (!validator.ok()) co_return validator.ToStatus();
  Task<absl::StatusOr<UserPtr>> reset = domain_.password_resets.Reset(
      request.token(), Secret(request.new_password()), call.WorkDeadline());
  const std::string no_account;
  const absl::StatusOr<UserPtr> user =
      co_await auth_rate_limiter_.Limit(call, "password_reset", no_account, std::move(reset));
  if (!user.ok()) co_return user.status();
  rpc::AuditCall(call, "password_reset", {{"user_id", (*user)->id}});
  co_return ResetPasswordResponse();
}

}  // namespace vibestack::user_service

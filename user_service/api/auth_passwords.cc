// Changes and resets of passwords.
#include <utility>

#include "user_service/api/after_answer.h"
#include "user_service/api/auth_api.h"
#include "user_service/api/checks.h"
#include "user_service/api/convert.h"

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
  if (request.current_password().empty()) validator.Add("current_password", "is required");
  CheckPresentPassword(validator, "current_password", request.current_password());
  CheckNewPassword(validator, "new_password", request.new_password());
  if (!validator.ok()) co_return validator.ToStatus();
  const absl::StatusOr<UserPtr> user = co_await domain_.password_changes.Change(
      call.caller().user_id, Secret(request.current_password()), Secret(request.new_password()),
      call.WorkDeadline());
  if (!user.ok()) co_return user.status();
  co_return ToAnswer(domain_.sessions.Open(**user));
}

Task<absl::StatusOr<RequestPasswordResetResponse>> AuthApi::RequestPasswordReset(
    Call&, const RequestPasswordResetRequest& request) {
  rpc::Validator validator;
  CheckSoughtEmail(validator, request.email());
  if (!validator.ok()) co_return validator.ToStatus();
  absl::StatusOr<Outbox::Place> place = domain_.password_resets.Begin();
  if (!place.ok()) co_return place.status();
  StartAfterAnswer(domain_.password_resets.Send(*std::move(place), request.email()));
  co_return RequestPasswordResetResponse();
}

Task<absl::StatusOr<ResetPasswordResponse>> AuthApi::ResetPassword(
    Call& call, const ResetPasswordRequest& request) {
  rpc::Validator validator;
  CheckToken(validator, "token", request.token());
  CheckNewPassword(validator, "new_password", request.new_password());
  if (!validator.ok()) co_return validator.ToStatus();
  const absl::StatusOr<UserPtr> user = co_await domain_.password_resets.Reset(
      request.token(), Secret(request.new_password()), call.WorkDeadline());
  if (!user.ok()) co_return user.status();
  co_return ResetPasswordResponse();
}

}  // namespace vibestack::user_service

// SignUp in its three modes, and ConfirmSignUp.
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
using user::v1::ConfirmSignUpRequest;
using user::v1::SignUpRequest;

constexpr char kBelongsToConfirm[] = "is allowed only in ConfirmSignUp";

}  // namespace

Task<absl::StatusOr<user::v1::User>> AuthApi::SignUp(Call& call, const SignUpRequest& request) {
  switch (domain_.sign_ups.mode()) {
    case SignUpMode::kOpen:
      break;
    case SignUpMode::kConfirmed:
      co_return BeginSignUp(call, request);
    case SignUpMode::kClosed:
      co_return SignUpClosedError();
  }
  absl::StatusOr<user::v1::User> made = co_await CreateAccount(call, request);
  co_return made;
}

Task<absl::StatusOr<user::v1::User>> AuthApi::CreateAccount(Call& call,
                                                            const SignUpRequest& request) {
  rpc::Validator validator;
  NewAccount account = TakeAccount(validator, request);
  validator.NoUnknownFields(request);
  if (!validator.ok()) co_return validator.ToStatus();
  // EMAIL_TAKEN reveals that an account exists, so it counts as a failure from this address.
  Task<absl::StatusOr<UserPtr>> create =
      domain_.accounts.Create(std::move(account), call.WorkDeadline());
  const std::string no_account;
  const absl::StatusOr<UserPtr> user =
      co_await auth_rate_limiter_.Limit(call, "sign_up", no_account, std::move(create));
  if (user.ok()) rpc::AuditCall(call, "signed_up", {{"user_id", (*user)->id}});
  co_return ToAnswer(user);
}

absl::StatusOr<user::v1::User> AuthApi::BeginSignUp(const Call& call,
                                                    const SignUpRequest& request) {
  rpc::Validator validator;
  CheckEmail(validator, "email", request.email());
  if (!request.password().empty()) validator.Add("password", kBelongsToConfirm);
  if (request.has_full_name()) validator.Add("full_name", kBelongsToConfirm);
  if (request.has_bio()) validator.Add("bio", kBelongsToConfirm);
  validator.NoUnknownFields(request);
  if (!validator.ok()) return validator.ToStatus();
  absl::StatusOr<MailQueue::Slot> slot = domain_.sign_ups.ReserveMail();
  if (!slot.ok()) return slot.status();
  // Counts only requests that may send a mail, so this comes after the checks and the reservation.
  const absl::Status allowed = auth_rate_limiter_.CountAttempt(
      call, "sign_up", "sign_up:" + NormalizeEmail(request.email()));
  if (!allowed.ok()) return allowed;
  RunAfterResponse(domain_.sign_ups.Send(*std::move(slot), request.email()));
  user::v1::User user;
  user.set_email(NormalizeEmail(request.email()));
  return user;
}

Task<absl::StatusOr<user::v1::User>> AuthApi::ConfirmSignUp(Call& call,
                                                            const ConfirmSignUpRequest& request) {
  if (domain_.sign_ups.mode() == SignUpMode::kClosed) co_return SignUpClosedError();
  rpc::Validator validator;
  CheckToken(validator, "token", request.token());
  NewAccount account = TakeProfile(validator, request);
  validator.NoUnknownFields(request);
  if (!validator.ok()) co_return validator.ToStatus();
  Task<absl::StatusOr<UserPtr>> confirm =
      domain_.sign_ups.Confirm(request.token(), std::move(account), call.WorkDeadline());
  const std::string no_account;
  const absl::StatusOr<UserPtr> user =
      co_await auth_rate_limiter_.Limit(call, "confirm_sign_up", no_account, std::move(confirm));
  if (user.ok()) rpc::AuditCall(call, "signed_up", {{"user_id", (*user)->id}});
  co_return ToAnswer(user);
}

}  // namespace vibestack::user_service

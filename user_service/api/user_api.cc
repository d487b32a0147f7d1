#include "user_service/api/user_api.h"

#include <string>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/base/uuid.h"
#include "common/rpc/call_audit.h"
#include "common/rpc/validator.h"
#include "user_service/api/account_audit.h"
#include "user_service/api/checks.h"
#include "user_service/api/convert.h"
#include "user_service/api/user_changes.h"
#include "user_service/api/user_lists.h"
#include "vibestack/user/v1/user_service.raw.h"

namespace vibestack::user_service {

using rpc::Call;
using user::v1::BatchGetUsersRequest;
using user::v1::BatchGetUsersResponse;
using user::v1::CreateUserRequest;
using user::v1::DeleteUserRequest;
using user::v1::GetUserByEmailRequest;
using user::v1::GetUserRequest;
using user::v1::ListUsersRequest;
using user::v1::ListUsersResponse;
using user::v1::PurgeUserRequest;
using user::v1::PurgeUserResponse;
using user::v1::UndeleteUserRequest;
using user::v1::UpdateUserRequest;

UserApi::UserApi(rpc::CallInterceptor& interceptor, AuthRateLimiter& auth_rate_limiter,
                 Accounts& accounts, AccountWrites& writes, UserStore& users,
                 Secret fingerprint_key)
    : auth_rate_limiter_(auth_rate_limiter),
      accounts_(accounts),
      writes_(writes),
      users_(users),
      fingerprint_key_(std::move(fingerprint_key)),
      service_(user::v1::RawUserService(), interceptor) {
  BindMethods();
}

void UserApi::BindMethods() {
  service_.Unary("CreateUser", this, &UserApi::CreateUser);
  service_.Unary("GetUser", this, &UserApi::GetUser);
  service_.Unary("GetUserByEmail", this, &UserApi::GetUserByEmail);
  service_.Unary("BatchGetUsers", this, &UserApi::BatchGetUsers);
  service_.Unary("ListUsers", this, &UserApi::ListUsers);
  service_.Unary("UpdateUser", this, &UserApi::UpdateUser);
  service_.Unary("DeleteUser", this, &UserApi::DeleteUser);
  service_.Unary("UndeleteUser", this, &UserApi::UndeleteUser);
  service_.Unary("PurgeUser", this, &UserApi::PurgeUser);
  service_.Stream("ExportUser", this, &UserApi::ExportUser);
}

Task<absl::StatusOr<user::v1::User>> UserApi::CreateUser(Call& call,
                                                         const CreateUserRequest& request) {
  rpc::Validator validator;
  if (!request.id().empty()) validator.NewId("id", request.id());
  NewAccount account = TakeAccount(validator, request);
  if (!validator.ok()) co_return validator.ToStatus();
  if (!request.id().empty()) account.id = CanonicalUuid(request.id());
  if (request.has_is_active()) account.is_active = request.is_active();
  account.is_superuser = request.is_superuser();
  const absl::StatusOr<UserPtr> user =
      co_await accounts_.Create(std::move(account), call.WorkDeadline());
  if (user.ok()) AuditCreation(call, **user);
  co_return ToAnswer(user);
}

Task<absl::StatusOr<user::v1::User>> UserApi::GetUser(Call& call, const GetUserRequest& request) {
  const absl::StatusOr<std::string> id = ReachableUser(call.caller(), "id", request.id());
  if (!id.ok()) co_return id.status();
  const absl::StatusOr<UserPtr> user = co_await users_.Get(*id, call.WorkDeadline());
  co_return ToAnswer(user, *id);
}

Task<absl::StatusOr<user::v1::User>> UserApi::GetUserByEmail(Call& call,
                                                             const GetUserByEmailRequest& request) {
  rpc::Validator validator;
  CheckEmailToFind(validator, request.email());
  if (!validator.ok()) co_return validator.ToStatus();
  const absl::StatusOr<UserPtr> user =
      co_await users_.FindByEmail(request.email(), call.WorkDeadline());
  co_return ToAnswer(user);
}

Task<absl::StatusOr<BatchGetUsersResponse>> UserApi::BatchGetUsers(
    Call& call, const BatchGetUsersRequest& request) {
  const absl::StatusOr<std::vector<std::string>> ids = ReadIds(call.caller(), request);
  if (!ids.ok()) co_return ids.status();
  const absl::StatusOr<std::vector<UserPtr>> users =
      co_await users_.GetMany(*ids, call.WorkDeadline());
  if (!users.ok()) co_return users.status();
  co_return ToBatch(request, *ids, *users, fingerprint_key_);
}

Task<absl::StatusOr<ListUsersResponse>> UserApi::ListUsers(Call& call,
                                                           const ListUsersRequest& request) {
  const absl::StatusOr<UserQuery> query = ReadQuery(request);
  if (!query.ok()) co_return query.status();
  const absl::StatusOr<UserPage> found = co_await users_.List(*query, call.WorkDeadline());
  if (!found.ok()) co_return found.status();
  co_return ToPage(request, *query, *found);
}

Task<absl::StatusOr<user::v1::User>> UserApi::UpdateUser(Call& call,
                                                         const UpdateUserRequest& request) {
  const auth::Caller& caller = call.caller();
  const absl::StatusOr<std::string> id = ReachableUser(caller, "user.id", request.user().id());
  if (!id.ok()) co_return id.status();
  const Changer changer{.is_superuser = caller.IsSuperuser(), .is_owner = caller.Is(*id)};
  const absl::StatusOr<RequestedChanges> requested = ReadChanges(request, changer);
  if (!requested.ok()) co_return requested.status();
  Task<absl::StatusOr<UserPtr>> update =
      writes_.Update(*id, requested->changes, requested->current_password, call.WorkDeadline());
  Task<absl::StatusOr<UserPtr>> guarded =
      requested->current_password.has_value()
          ? auth_rate_limiter_.Limit(call, "password", "user:" + *id, std::move(update))
          : std::move(update);
  const absl::StatusOr<UserPtr> user = co_await guarded;
  if (ErrorReason(user.status()) == "INVALID_CREDENTIALS") {
    rpc::AuditCall(call, "email_change_failed", {{"user_id", *id}});
  }
  if (user.ok() && *user != nullptr) AuditChanges(call, *id, requested->changes);
  co_return ToAnswer(user, *id);
}

Task<absl::StatusOr<user::v1::User>> UserApi::DeleteUser(Call& call,
                                                         const DeleteUserRequest& request) {
  const absl::StatusOr<std::string> id = ReachableUser(call.caller(), "id", request.id());
  if (!id.ok()) co_return id.status();
  const absl::StatusOr<UserPtr> user = co_await writes_.Delete(*id, call.WorkDeadline());
  if (user.ok() && *user != nullptr) AuditActivity(call, *id, false);
  co_return ToAnswer(user, *id);
}

Task<absl::StatusOr<user::v1::User>> UserApi::UndeleteUser(Call& call,
                                                           const UndeleteUserRequest& request) {
  const absl::StatusOr<std::string> id = ReachableUser(call.caller(), "id", request.id());
  if (!id.ok()) co_return id.status();
  const absl::StatusOr<UserPtr> user = co_await writes_.Undelete(*id, call.WorkDeadline());
  if (user.ok() && *user != nullptr) AuditActivity(call, *id, true);
  co_return ToAnswer(user, *id);
}

Task<absl::StatusOr<PurgeUserResponse>> UserApi::PurgeUser(Call& call,
                                                           const PurgeUserRequest& request) {
  const absl::StatusOr<std::string> id = ReachableUser(call.caller(), "id", request.id());
  if (!id.ok()) co_return id.status();
  const absl::StatusOr<UserStore::Purge> purge = co_await writes_.Purge(*id, call.WorkDeadline());
  if (!purge.ok()) co_return purge.status();
  if (!purge->found) co_return NotFoundError("user", "users/" + *id);
  AuditPurge(call, *id, purge->jobs);
  PurgeUserResponse response;
  response.set_purged_jobs(purge->jobs);
  co_return response;
}

}  // namespace vibestack::user_service

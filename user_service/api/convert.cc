#include "user_service/api/convert.h"

#include "common/base/error.h"
#include "common/base/uuid.h"
#include "common/rpc/validator.h"

namespace vibestack::user_service {

user::v1::User ToProto(const User& user) {
  user::v1::User proto;
  proto.set_id(user.id);
  proto.set_email(user.email);
  if (user.full_name.has_value()) proto.set_full_name(*user.full_name);
  if (user.bio.has_value()) proto.set_bio(*user.bio);
  proto.set_is_active(user.is_active);
  proto.set_is_superuser(user.is_superuser);
  *proto.mutable_created_at() = rpc::ToTimestamp(user.created_at);
  *proto.mutable_updated_at() = rpc::ToTimestamp(user.updated_at);
  return proto;
}

absl::StatusOr<user::v1::User> ToAnswer(const absl::StatusOr<UserPtr>& user,
                                        const std::string& id) {
  if (!user.ok()) return user.status();
  if (*user == nullptr) return NotFoundError("user", id.empty() ? "" : "users/" + id);
  return ToProto(**user);
}

absl::StatusOr<user::v1::TokenResponse> ToTokenResponse(
    const absl::StatusOr<Sessions::Tokens>& tokens) {
  if (!tokens.ok()) return tokens.status();
  user::v1::TokenResponse response;
  response.set_access_token(tokens->access_token.Reveal());
  response.set_token_type("Bearer");
  response.set_expires_in(absl::ToInt64Seconds(tokens->expires_in));
  response.set_refresh_token(tokens->refresh_token.Reveal());
  return response;
}

absl::StatusOr<std::string> NamedUser(const auth::Caller& caller, const std::string& field,
                                      const std::string& id) {
  if (id == "me") {
    if (caller.IsUser()) return caller.user_id;
    return InvalidFieldError(field, "`me` is for users: a service has no account");
  }
  if (id.empty()) return InvalidFieldError(field, "is required");
  if (!IsUuid(id)) return InvalidFieldError(field, "must be a UUID or `me`");
  return CanonicalUuid(id);
}

absl::StatusOr<std::string> ReachableUser(const auth::Caller& caller, const std::string& field,
                                          const std::string& id) {
  absl::StatusOr<std::string> named = NamedUser(caller, field, id);
  if (!named.ok() || caller.IsSuperuser() || caller.IsService() || caller.Is(*named)) return named;
  return PermissionDeniedError("NOT_YOURS", "this account belongs to another user");
}

}  // namespace vibestack::user_service

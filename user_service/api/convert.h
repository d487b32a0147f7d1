#ifndef VIBESTACK_USER_SERVICE_API_CONVERT_H_
#define VIBESTACK_USER_SERVICE_API_CONVERT_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/auth/caller.h"
#include "user_service/domain/sessions.h"
#include "user_service/store/user.h"
#include "vibestack/user/v1/auth_service.pb.h"
#include "vibestack/user/v1/user.pb.h"

namespace vibestack::user_service {

// The user without the password hash.
user::v1::User ToProto(const User& user);

// The same, or NOT_FOUND if `user` is null (it names `id` if the caller did), or the error.
absl::StatusOr<user::v1::User> ToAnswer(const absl::StatusOr<UserPtr>& user,
                                        const std::string& id = "");

// The tokens by OAuth 2's names, or the error.
absl::StatusOr<user::v1::TokenResponse> ToAnswer(const absl::StatusOr<Sessions::Tokens>& tokens);

// The user's id in lower case, for `id` that is `me` or a UUID. INVALID_ARGUMENT otherwise. Does
// not check whether the caller may access this user.
absl::StatusOr<std::string> NamedUser(const auth::Caller& caller, const std::string& field,
                                      const std::string& id);

// The same, and checks that the caller is this user, a superuser or a service: PERMISSION_DENIED
// (NOT_YOURS). Does not check whether the user exists.
absl::StatusOr<std::string> ReachableUser(const auth::Caller& caller, const std::string& field,
                                          const std::string& id);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_API_CONVERT_H_

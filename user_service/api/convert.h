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

// The user as a message, without the password hash.
user::v1::User ToProto(const User& user);

// As ToProto; NOT_FOUND if `user` is null, or the error of `user`. NOT_FOUND names `id`; leave it
// empty if the caller did not send it.
absl::StatusOr<user::v1::User> ToAnswer(const absl::StatusOr<UserPtr>& user,
                                        const std::string& id = "");

// The tokens as a message with the names of OAuth 2, or the error of `tokens`.
absl::StatusOr<user::v1::TokenResponse> ToTokenResponse(
    const absl::StatusOr<Sessions::Tokens>& tokens);

// Resolves `me` or a UUID to a user id in lower case. INVALID_ARGUMENT, naming `field`, for any
// other text, and for `me` from a service. Does not check permissions.
absl::StatusOr<std::string> NamedUser(const auth::Caller& caller, const std::string& field,
                                      const std::string& id);

// As NamedUser, and PERMISSION_DENIED (NOT_YOURS) unless the caller is this user, a superuser or a
// service. Does not check whether the user exists.
absl::StatusOr<std::string> ReachableUser(const auth::Caller& caller, const std::string& field,
                                          const std::string& id);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_API_CONVERT_H_

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

// A row as callers see it: without the hash.
user::v1::User ToProto(const User& user);

// The row as callers see it; NOT_FOUND for null, with the user's `id` where the caller named one.
// An error stays an error.
absl::StatusOr<user::v1::User> ToAnswer(const absl::StatusOr<UserPtr>& user,
                                        const std::string& id = "");

// Tokens as OAuth 2 names them; an error stays an error.
absl::StatusOr<user::v1::TokenResponse> ToAnswer(const absl::StatusOr<Sessions::Tokens>& tokens);

// The user whom `id` names to this caller: `me` or a UUID, in lower case. INVALID_ARGUMENT for
// anything else. Says nothing about whether the caller may reach that user.
absl::StatusOr<std::string> NamedUser(const auth::Caller& caller, const std::string& field,
                                      const std::string& id);

// The same for a caller who must be that user, a superuser or a service: PERMISSION_DENIED
// (NOT_YOURS) without looking whether the user exists.
absl::StatusOr<std::string> ReachableUser(const auth::Caller& caller, const std::string& field,
                                          const std::string& id);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_API_CONVERT_H_

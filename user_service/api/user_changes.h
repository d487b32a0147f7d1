#ifndef VIBESTACK_USER_SERVICE_API_USER_CHANGES_H_
#define VIBESTACK_USER_SERVICE_API_USER_CHANGES_H_

#include "absl/status/statusor.h"
#include "user_service/store/user.h"
#include "vibestack/user/v1/user_service.pb.h"

namespace vibestack::user_service {

// What a request of somebody who may reach the account changes of it, by the table of
// domain/update_rules.h. INVALID_ARGUMENT for paths that are unknown or output only and for values
// against the rules, PERMISSION_DENIED (FIELD_NOT_YOURS) for fields of superusers only.
absl::StatusOr<UserChanges> ReadChanges(const user::v1::UpdateUserRequest& request,
                                        bool is_superuser);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_API_USER_CHANGES_H_

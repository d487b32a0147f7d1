#ifndef VIBESTACK_USER_SERVICE_API_USER_CHANGES_H_
#define VIBESTACK_USER_SERVICE_API_USER_CHANGES_H_

#include <optional>

#include "absl/status/statusor.h"
#include "common/base/secret.h"
#include "user_service/domain/update_rules.h"
#include "user_service/store/user.h"
#include "vibestack/user/v1/user_service.pb.h"

namespace vibestack::user_service {

// What an UpdateUserRequest asks for.
struct RequestedChanges {
  UserChanges changes;
  // What has to be the account's password, where the changes take that.
  std::optional<Secret> current_password;
};

// Reads a request of somebody who may reach the account, by the table of domain/update_rules.h; who
// shows a password, the request says. INVALID_ARGUMENT for paths that are unknown or output only,
// for values against the rules and for a password that is missing; PERMISSION_DENIED
// (FIELD_NOT_YOURS) for fields of superusers only.
absl::StatusOr<RequestedChanges> ReadChanges(const user::v1::UpdateUserRequest& request,
                                             Changer changer);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_API_USER_CHANGES_H_

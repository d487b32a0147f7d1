#ifndef VIBESTACK_USER_SERVICE_API_USER_CHANGES_H_
#define VIBESTACK_USER_SERVICE_API_USER_CHANGES_H_

#include <optional>

#include "absl/status/statusor.h"
#include "common/base/secret.h"
#include "user_service/domain/update_rules.h"
#include "user_service/store/user.h"
#include "vibestack/user/v1/user_service.pb.h"

namespace vibestack::user_service {

// The changes that an UpdateUserRequest asks for.
struct RequestedChanges {
  UserChanges changes;
  // Set if the changes need the current password of the account: this must be it.
  std::optional<Secret> current_password;
};

// Reads the request of a caller who may access the account, by the table of domain/update_rules.h.
// `changer.shows_password` is set here. INVALID_ARGUMENT for paths that are unknown or output only,
// for invalid values and for a missing password; PERMISSION_DENIED (FIELD_NOT_YOURS) for fields
// that only superusers may change.
absl::StatusOr<RequestedChanges> ReadChanges(const user::v1::UpdateUserRequest& request,
                                             Changer changer);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_API_USER_CHANGES_H_

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
  // Set if a changed field needs the account's current password: the password to compare.
  std::optional<Secret> current_password;
};

// Reads a request by the rules of domain/update_rules.h. The caller has checked that `changer` may
// access the account; this sets `changer.shows_password`. Errors: INVALID_ARGUMENT for unknown or
// output-only paths, invalid values and a missing current password; PERMISSION_DENIED
// (FIELD_NOT_YOURS) for fields that `changer` may not change.
absl::StatusOr<RequestedChanges> ReadChanges(const user::v1::UpdateUserRequest& request,
                                             Changer changer);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_API_USER_CHANGES_H_

#ifndef VIBESTACK_USER_SERVICE_API_USER_LISTS_H_
#define VIBESTACK_USER_SERVICE_API_USER_LISTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/auth/caller.h"
#include "common/base/secret.h"
#include "user_service/store/user.h"
#include "vibestack/user/v1/user_service.pb.h"

// Requests and responses with many users.
namespace vibestack::user_service {

// The query for the store. Its limit is the page size plus one, to know whether another page
// follows. INVALID_ARGUMENT names every invalid field.
absl::StatusOr<UserQuery> ReadQuery(const user::v1::ListUsersRequest& request);

// The response for `found`, the result of `query`.
user::v1::ListUsersResponse ToPage(const user::v1::ListUsersRequest& request,
                                   const UserQuery& query, const UserPage& found);

// The ids of the request, in its order and in lower case. `me` becomes the caller's id. Errors:
// INVALID_ARGUMENT; PERMISSION_DENIED (FIELD_NOT_YOURS) for include_accounts from a caller that is
// not a service.
absl::StatusOr<std::vector<std::string>> ReadIds(const auth::Caller& caller,
                                                 const user::v1::BatchGetUsersRequest& request);

// The response for the `ids` of ReadIds. `users` are their rows, in the same order; null for an id
// without a user.
user::v1::BatchGetUsersResponse ToBatch(const user::v1::BatchGetUsersRequest& request,
                                        const std::vector<std::string>& ids,
                                        const std::vector<UserPtr>& users,
                                        const Secret& fingerprint_key);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_API_USER_LISTS_H_

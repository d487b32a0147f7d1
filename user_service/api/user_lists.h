#ifndef VIBESTACK_USER_SERVICE_API_USER_LISTS_H_
#define VIBESTACK_USER_SERVICE_API_USER_LISTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/auth/caller.h"
#include "common/base/secret.h"
#include "user_service/store/user.h"
#include "vibestack/user/v1/user_service.pb.h"

// The requests and answers with many users.
namespace vibestack::user_service {

// What to ask the store for: one row more than fits on the page, which tells whether another page
// follows. INVALID_ARGUMENT names every wrong field.
absl::StatusOr<UserQuery> ReadQuery(const user::v1::ListUsersRequest& request);

// The page of the rows that `query` found.
user::v1::ListUsersResponse ToPage(const user::v1::ListUsersRequest& request,
                                   const UserQuery& query, const UserPage& found);

// The ids to look up, in lower case, one for each that is asked for. INVALID_ARGUMENT, and
// PERMISSION_DENIED (FIELD_NOT_YOURS) where somebody else than a service wants accounts.
absl::StatusOr<std::vector<std::string>> ReadIds(const auth::Caller& caller,
                                                 const user::v1::BatchGetUsersRequest& request);

// `ids` are those that ReadIds gave, `users` the rows found for them, in the same order.
user::v1::BatchGetUsersResponse ToBatch(const user::v1::BatchGetUsersRequest& request,
                                        const std::vector<std::string>& ids,
                                        const std::vector<UserPtr>& users,
                                        const Secret& fingerprint_key);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_API_USER_LISTS_H_

#ifndef VIBESTACK_USER_SERVICE_STORE_LIST_USERS_H_
#define VIBESTACK_USER_SERVICE_STORE_LIST_USERS_H_

#include "absl/status/statusor.h"
#include "common/db/session.h"
#include "user_service/store/user.h"

namespace vibestack::user_service {

// One page reads a bounded number of rows, however many users exist. A query without a prefix has
// an index that holds exactly its rows, in the order of the list. The index for a prefix has
// another order, so a query with a prefix takes one of two ways:
// - If at most kMostFound rows have the prefix, the statement reads and sorts all of them.
// - Otherwise a scan in the order of the list reads at most kMostLookedAt rows and filters them.
//   UserPage::goes_on_after says where the scan ended.
inline constexpr int64_t kMostFound = 5'000;
inline constexpr int64_t kMostLookedAt = 10'000;

// Reads one page. Errors are those of Session::Exec.
absl::StatusOr<UserPage> ListUsers(db::Session& session, const UserQuery& query);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_STORE_LIST_USERS_H_

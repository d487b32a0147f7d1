#ifndef VIBESTACK_USER_SERVICE_STORE_LIST_USERS_H_
#define VIBESTACK_USER_SERVICE_STORE_LIST_USERS_H_

#include "absl/status/statusor.h"
#include "common/db/session.h"
#include "user_service/store/user.h"

namespace vibestack::user_service {

// The work for a page is bounded, however many users exist. For flags and times an index holds
// exactly the wanted rows in the order of the list. The index of a prefix has another order:
// - When a prefix has at most kMostFound rows, the statement reads and sorts them.
// - Otherwise a scan in the order of the list reads at most kMostLookedAt rows and filters them. It
//   says where the next page continues.
inline constexpr int64_t kMostFound = 5'000;
inline constexpr int64_t kMostLookedAt = 10'000;

// Reads one page. Errors are those of Session::Exec.
absl::StatusOr<UserPage> ListUsers(db::Session& session, const UserQuery& query);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_STORE_LIST_USERS_H_

#ifndef VIBESTACK_USER_SERVICE_STORE_LIST_USERS_H_
#define VIBESTACK_USER_SERVICE_STORE_LIST_USERS_H_

#include "absl/status/statusor.h"
#include "common/db/session.h"
#include "user_service/store/user.h"

namespace vibestack::user_service {

// A list costs the same however many users there are. Flags and times are answered by an index of
// exactly these rows in the order of the list. A prefix has an index in another order, so its rows
// are gathered and sorted when they are no more than kMostFound; a prefix of more rows is looked
// for in the order of the list, through kMostLookedAt rows at most, and the page says where to go
// on.
inline constexpr int64_t kMostFound = 5'000;
inline constexpr int64_t kMostLookedAt = 10'000;

// One page. Errors: StatusFromSqlState.
absl::StatusOr<UserPage> ListUsers(db::Session& session, const UserQuery& query);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_STORE_LIST_USERS_H_

#ifndef VIBESTACK_USER_SERVICE_STORE_USER_ROWS_H_
#define VIBESTACK_USER_SERVICE_STORE_USER_ROWS_H_

#include <pqxx/pqxx>
#include "absl/status/statusor.h"
#include "user_service/store/user.h"

namespace vibestack::user_service {

// Reads a row with the columns that every statement of this folder selects, in their order.
User ReadUser(const pqxx::row& row);

// The only row of a result; null where there is none. An error stays an error.
absl::StatusOr<UserPtr> ReadOnlyUser(const absl::StatusOr<pqxx::result>& rows);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_STORE_USER_ROWS_H_

#ifndef VIBESTACK_USER_SERVICE_STORE_USER_ROWS_H_
#define VIBESTACK_USER_SERVICE_STORE_USER_ROWS_H_

#include <pqxx/pqxx>
#include "absl/status/statusor.h"
#include "user_service/store/user.h"

namespace vibestack::user_service {

// Reads a user from a row that begins with the columns of the macro user_columns (users.sql).
User ReadUser(const pqxx::row& row);

// Reads the user of a result that has at most one row; null if it has none. Returns the error of
// `rows`, if any.
absl::StatusOr<UserPtr> ReadOneUser(const absl::StatusOr<pqxx::result>& rows);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_STORE_USER_ROWS_H_

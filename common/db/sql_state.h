#ifndef VIBESTACK_COMMON_DB_SQL_STATE_H_
#define VIBESTACK_COMMON_DB_SQL_STATE_H_

#include <string>

#include "absl/status/status.h"

namespace vibestack::db {

// Converts a PostgreSQL error code (manual, appendix A) to an error for clients. The message
// discloses nothing about the statement, its parameters or the server.
//   08, 57P, 53300, 25006, empty (a lost connection): UNAVAILABLE (DATABASE_UNAVAILABLE)
//   57014, 25P03: DEADLINE_EXCEEDED
//   40001, 40P01: ABORTED (CONFLICT)
//   55P03: ABORTED (ROW_LOCKED)
//   22, 23514, 23502, 54: INVALID_ARGUMENT
//   23505: ALREADY_EXISTS
//   23503, 23001: FAILED_PRECONDITION (REFERENCE_MISSING)
//   P0, an exception of a trigger: FAILED_PRECONDITION (WRITE_REFUSED)
//   53: RESOURCE_EXHAUSTED
//   anything else: INTERNAL
absl::Status StatusFromSqlState(const std::string& sql_state);

// DEADLINE_EXCEEDED, for a statement that ran out of time.
absl::Status DeadlineError();

// ABORTED (ROW_LOCKED): the statement did not wait for the lock of another transaction. It has
// changed nothing in the row.
absl::Status RowLockedError();
bool IsRowLocked(const absl::Status& status);

// Whether the error means that the database could not be reached. The statement may still have
// taken effect.
bool IsDatabaseUnavailable(const absl::Status& status);

}  // namespace vibestack::db

#endif  // VIBESTACK_COMMON_DB_SQL_STATE_H_

#ifndef VIBESTACK_COMMON_DB_REFERRING_TABLE_H_
#define VIBESTACK_COMMON_DB_REFERRING_TABLE_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/db/session.h"
#include "common/db/statement.h"

namespace vibestack::db {

// Whether a foreign key refused the statement (StatusFromSqlState).
bool IsReferenceError(const absl::Status& status);

// The table whose foreign key refused the last deletion on this session; empty if it is not found.
// Not within a transaction. `find` is the statement FindReferringTable. Errors: Session::Exec.
absl::StatusOr<std::string> FindReferringTable(Session& session, const Statement& find);

// FAILED_PRECONDITION (STILL_REFERENCED), with the table's name as `table` in the metadata of
// ErrorInfo.
absl::Status StillReferencedError(const std::string& table);

}  // namespace vibestack::db

#endif  // VIBESTACK_COMMON_DB_REFERRING_TABLE_H_

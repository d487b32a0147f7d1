#include "common/db/sql_state.h"

#include <string_view>

#include "common/base/error.h"

namespace vibestack::db {
namespace {

constexpr char kUnavailable[] = "DATABASE_UNAVAILABLE";
constexpr char kRowLocked[] = "ROW_LOCKED";

}  // namespace

absl::Status StatusFromSqlState(const std::string& sql_state) {
  const std::string_view state = sql_state;
  const std::string_view kind = state.substr(0, 2);
  if (state.empty() || kind == "08" || state == "53300" || state == "25006" ||
      state.substr(0, 3) == "57P") {
    return UnavailableError(kUnavailable, "the database is not available");
  }
  if (state == "57014" || state == "25P03") return DeadlineError();
  if (state == "55P03") return RowLockedError();
  if (kind == "40") {
    return AbortedError("CONFLICT", "the call conflicted with a concurrent one; try again");
  }
  if (state == "23505") return AlreadyExistsError("ALREADY_EXISTS", "the resource already exists");
  // 23001 is the same for a foreign key with ON DELETE RESTRICT, since PostgreSQL 18.
  if (state == "23503" || state == "23001") {
    return FailedPreconditionError("REFERENCE_MISSING", "a referenced resource does not exist");
  }
  if (kind == "22" || kind == "54" || state == "23514" || state == "23502") {
    return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_VALUE",
                     "the database cannot store a value in the request");
  }
  if (kind == "P0") {
    return FailedPreconditionError("WRITE_REFUSED", "a trigger in the database refused the change");
  }
  if (kind == "53") {
    return ResourceExhaustedError("DATABASE_EXHAUSTED", "the database is out of resources");
  }
  return InternalError("the database refused a statement");
}

absl::Status DeadlineError() {
  return MakeError(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED",
                   "the database did not answer in time");
}

absl::Status RowLockedError() {
  return AbortedError(kRowLocked, "another transaction has locked the row; try again");
}

bool IsRowLocked(const absl::Status& status) {
  return absl::IsAborted(status) && ErrorReason(status) == kRowLocked;
}

bool IsDatabaseUnavailable(const absl::Status& status) {
  return ErrorReason(status) == kUnavailable;
}

}  // namespace vibestack::db

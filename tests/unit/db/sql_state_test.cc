#include "common/db/sql_state.h"

#include <gtest/gtest.h>

#include "common/base/error.h"

namespace vibestack::db {
namespace {

TEST(SqlStateTest, MeansToCallersWhatTheTableSays) {
  const std::pair<const char*, absl::StatusCode> table[] = {
      {"", absl::StatusCode::kUnavailable},
      {"08006", absl::StatusCode::kUnavailable},
      {"57P01", absl::StatusCode::kUnavailable},
      {"57P03", absl::StatusCode::kUnavailable},
      {"53300", absl::StatusCode::kUnavailable},
      {"25006", absl::StatusCode::kUnavailable},
      {"57014", absl::StatusCode::kDeadlineExceeded},
      {"40001", absl::StatusCode::kAborted},
      {"40P01", absl::StatusCode::kAborted},
      {"55P03", absl::StatusCode::kAborted},
      {"23505", absl::StatusCode::kAlreadyExists},
      {"23503", absl::StatusCode::kFailedPrecondition},
      {"23001", absl::StatusCode::kFailedPrecondition},
      {"P0001", absl::StatusCode::kFailedPrecondition},
      {"22P02", absl::StatusCode::kInvalidArgument},
      {"22P05", absl::StatusCode::kInvalidArgument},
      {"22003", absl::StatusCode::kInvalidArgument},
      {"54001", absl::StatusCode::kInvalidArgument},
      {"23514", absl::StatusCode::kInvalidArgument},
      {"53200", absl::StatusCode::kResourceExhausted},
      {"42P01", absl::StatusCode::kInternal},
      {"XX000", absl::StatusCode::kInternal},
  };
  for (const auto& [state, code] : table) {
    const absl::Status status = StatusFromSqlState(state);
    EXPECT_EQ(status.code(), code) << state;
    EXPECT_FALSE(ErrorReason(status).empty()) << state;
  }
}

TEST(SqlStateTest, UnavailableSaysWhenToRetry) {
  EXPECT_LT(RetryDelay(StatusFromSqlState("")), absl::InfiniteDuration());
  EXPECT_TRUE(IsDatabaseUnavailable(StatusFromSqlState("08006")));
  EXPECT_FALSE(IsDatabaseUnavailable(UnavailableError("OTHER", "")));
}

TEST(SqlStateTest, ALockedRowIsNotAnyConflict) {
  EXPECT_TRUE(IsRowLocked(StatusFromSqlState("55P03")));
  EXPECT_TRUE(IsRowLocked(RowLockedError()));
  EXPECT_FALSE(IsRowLocked(StatusFromSqlState("40001")));
  EXPECT_FALSE(IsRowLocked(absl::OkStatus()));
}

}  // namespace
}  // namespace vibestack::db

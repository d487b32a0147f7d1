#include "user_service/store/purge_user.h"

#include <optional>

#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/db/referring_table.h"
#include "common/db/sql_state.h"
#include "user_service/store/last_superuser.h"
#include "user_service/store/sql.h"

namespace vibestack::user_service {
namespace {

constexpr int64_t kJobsPerStatement = 1'000;

db::Params IdParams(const std::string& id) {
  db::Params params;
  params.Add(id);
  return params;
}

// Deletes the user's jobs, except those that other transactions have locked. Returns how many it
// deleted.
absl::StatusOr<int64_t> DeleteJobs(db::Session& session, const std::string& user_id,
                                   absl::Time deadline) {
  absl::Time created_at = absl::InfinitePast();
  std::string id = "00000000-0000-0000-0000-000000000000";
  int64_t deleted = 0;
  while (true) {
    if (absl::Now() >= deadline) return db::DeadlineError();
    db::Params params;
    params.Add(user_id).Add(std::optional(created_at)).Add(id).Add(kJobsPerStatement);
    const absl::StatusOr<pqxx::result> rows = session.Exec(sql::kDeleteJobsOfUser, params);
    if (!rows.ok()) return rows.status();
    if (rows->empty()) return deleted;
    const pqxx::row& last = (*rows)[0];
    created_at = absl::FromUnixMicros(last[0].as<int64_t>());
    id = last[1].c_str();
    deleted += last[2].as<int64_t>();
  }
}

absl::Status PurgeWithin(db::Session& session, const std::string& id, absl::Time deadline,
                         UserStore::Purge& purge) {
  const auto locked = session.Exec(sql::kLockJobsOfUser, IdParams(id));
  if (!locked.ok()) return locked.status();
  const absl::StatusOr<int64_t> deleted = DeleteJobs(session, id, deadline);
  if (!deleted.ok()) return deleted.status();
  const absl::Status allowed = CheckNotLastSuperuser(session, id);
  if (!allowed.ok()) return allowed;
  // Deletes the jobs that were created after LockJobsOfUser.
  const absl::StatusOr<int64_t> late = DeleteJobs(session, id, deadline);
  if (!late.ok()) return late.status();
  const absl::StatusOr<pqxx::result> rows = session.Exec(sql::kDeleteUser, IdParams(id));
  if (!rows.ok()) return rows.status();
  purge = {.found = !rows->empty(), .jobs = *deleted + *late};
  return absl::OkStatus();
}

}  // namespace

absl::Status PurgeUser(db::Session& session, const std::string& id, absl::Time deadline,
                       UserStore::Purge& purge) {
  const absl::Status status =
      session.Transact([&] { return PurgeWithin(session, id, deadline, purge); });
  if (!db::IsReferenceError(status)) return status;
  purge = {};
  const auto table = db::FindReferringTable(session, sql::kFindReferringTable);
  if (!table.ok()) return table.status();
  if (*table == "agent_jobs") {
    return AbortedError("CONFLICT", "other calls are writing the user's jobs; try again");
  }
  return db::StillReferencedError(*table);
}

}  // namespace vibestack::user_service

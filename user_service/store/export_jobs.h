#ifndef VIBESTACK_USER_SERVICE_STORE_EXPORT_JOBS_H_
#define VIBESTACK_USER_SERVICE_STORE_EXPORT_JOBS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/db/session.h"

namespace vibestack::user_service {

// A row of `agent_jobs`, all of it, as its owner is given it.
struct StoredJob {
  std::string id;
  std::string workflow_id;
  std::string status;
  std::optional<std::string> result_json;  // the exact text
  absl::Time created_at;
  absl::Time updated_at;
};

// Which of a user's jobs to read, oldest first.
struct JobPageQuery {
  std::string user_id;
  // The last job of the page before.
  absl::Time after_created_at = absl::InfinitePast();
  std::string after_id = "00000000-0000-0000-0000-000000000000";
  int64_t most_jobs = 0;
  // Of results; a single one that is larger comes alone.
  int64_t most_bytes = 0;
};

// Empty behind the last job. Errors: StatusFromSqlState.
absl::StatusOr<std::vector<StoredJob>> ReadJobPage(db::Session& session, const JobPageQuery& query);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_STORE_EXPORT_JOBS_H_

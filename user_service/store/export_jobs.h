#ifndef VIBESTACK_USER_SERVICE_STORE_EXPORT_JOBS_H_
#define VIBESTACK_USER_SERVICE_STORE_EXPORT_JOBS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/db/session.h"

namespace vibestack::user_service {

// A row of `agent_jobs` for the data export of the job's user.
struct StoredJob {
  std::string id;
  std::string workflow_id;
  std::string status;
  std::optional<std::string> result_json;  // as PostgreSQL prints it; empty for NULL
  absl::Time created_at;
  absl::Time updated_at;
};

// Selects a page of a user's jobs, oldest first.
struct JobPageQuery {
  std::string user_id;
  // The position (created_at, id) of the last job of the previous page. The default is before all
  // jobs.
  absl::Time after_created_at = absl::InfinitePast();
  std::string after_id = "00000000-0000-0000-0000-000000000000";
  int64_t most_jobs = 0;
  // The maximum size of all results of the page together. A larger result gets a page of its own.
  int64_t most_bytes = 0;
};

// Reads one page. It is empty after the last job. Errors are those of Session::Exec.
absl::StatusOr<std::vector<StoredJob>> ReadJobPage(db::Session& session, const JobPageQuery& query);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_STORE_EXPORT_JOBS_H_

#ifndef VIBESTACK_JOB_SERVICE_DOMAIN_JOB_QUERY_H_
#define VIBESTACK_JOB_SERVICE_DOMAIN_JOB_QUERY_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "job_service/domain/job.h"

namespace vibestack::job_service {

// Selects one page of jobs, in the order of (created_at, id). An absent field does not filter.
struct JobQuery {
  std::optional<std::string> user_id;
  std::optional<std::string> workflow_id;
  std::optional<JobStatus> status;
  absl::Time created_from = absl::InfinitePast();      // Inclusive.
  absl::Time created_before = absl::InfiniteFuture();  // Exclusive.
  bool oldest_first = false;
  // The page begins after this position: the last row of the previous page.
  struct Position {
    absl::Time created_at;
    std::string id;
  };
  std::optional<Position> after;
  int limit = 50;
  bool with_result = false;
  // Whether the page may come from a standby that lags behind the primary.
  bool may_lag = false;
};

struct JobPage {
  std::vector<Job> jobs;
  // Set if the page ended before it was full, because it reached the bound of examined rows or of
  // result bytes. The next page continues after this position.
  std::optional<JobQuery::Position> continue_after;
};

// The jobs that changed since some time, with the `updated_at` of each.
struct RecentChanges {
  struct Version {
    std::string id;
    absl::Time updated_at;
  };
  std::vector<Version> jobs;
  // The time of this read, by the clock of the database.
  absl::Time now;
  // False if there were too many changes, so that some are missing in `jobs`.
  bool complete = true;
};

// Selects the jobs that ended with a status since a time and have not changed again, in the order
// of (updated_at, id). An absent field does not filter.
struct EndedQuery {
  std::optional<std::string> user_id;
  std::optional<std::string> workflow_id;
  JobStatus status = JobStatus::kCompleted;  // Or kFailed.
  // The page begins after this position. An empty id means at its time.
  RecentChanges::Version after;
};

struct EndedPage {
  std::vector<Job> jobs;  // Without their results.
  // Set if there may be further jobs, after this position.
  std::optional<RecentChanges::Version> continue_after;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DOMAIN_JOB_QUERY_H_

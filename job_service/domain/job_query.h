#ifndef VIBESTACK_JOB_SERVICE_DOMAIN_JOB_QUERY_H_
#define VIBESTACK_JOB_SERVICE_DOMAIN_JOB_QUERY_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "job_service/domain/job.h"

namespace vibestack::job_service {

// Asks for one page of a list, in the order of (created_at, id).
struct JobQuery {
  std::optional<std::string> user_id;
  std::optional<std::string> workflow_id;
  std::optional<JobStatus> status;
  absl::Time created_from = absl::InfinitePast();      // Inclusive.
  absl::Time created_before = absl::InfiniteFuture();  // Exclusive.
  bool oldest_first = false;
  // The last row of the previous page.
  struct Position {
    absl::Time created_at;
    std::string id;
  };
  std::optional<Position> after;
  int limit = 50;
  bool with_result = false;
  // Whether a standby that lags behind may answer.
  bool may_lag = false;
};

struct JobPage {
  std::vector<Job> jobs;
  // Set when the page ended before it was full, because it examined enough rows or its results
  // became too large. The next page continues after this position.
  std::optional<JobQuery::Position> continue_after;
};

// The jobs that changed recently, by `updated_at`.
struct RecentChanges {
  struct Version {
    std::string id;
    absl::Time updated_at;
  };
  std::vector<Version> jobs;
  // The time of this read, by the clock of the database.
  absl::Time now;
  // False when there were too many changes to read them all.
  bool complete = true;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DOMAIN_JOB_QUERY_H_

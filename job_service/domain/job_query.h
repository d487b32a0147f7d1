#ifndef VIBESTACK_JOB_SERVICE_DOMAIN_JOB_QUERY_H_
#define VIBESTACK_JOB_SERVICE_DOMAIN_JOB_QUERY_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "job_service/domain/job.h"

namespace vibestack::job_service {

// One page of a list by `(created_at, id)`.
struct JobQuery {
  std::optional<std::string> user_id;
  std::optional<std::string> workflow_id;
  std::optional<JobStatus> status;
  absl::Time created_from = absl::InfinitePast();      // Inclusive.
  absl::Time created_before = absl::InfiniteFuture();  // Exclusive.
  bool oldest_first = false;
  // The last row of the page before.
  struct Position {
    absl::Time created_at;
    std::string id;
  };
  std::optional<Position> after;
  int limit = 50;
  bool with_result = false;
  // Whether a standby that is some time behind may answer.
  bool may_lag = false;
};

struct JobPage {
  std::vector<Job> jobs;
  // Where the next page goes on, when this one ended before it was full because enough rows had
  // been looked at, or its results got too large.
  std::optional<JobQuery::Position> continue_after;
};

// Which jobs changed lately, by `updated_at`.
struct RecentChanges {
  struct Version {
    std::string id;
    absl::Time updated_at;
  };
  std::vector<Version> jobs;
  // The database's time when this was read.
  absl::Time now;
  // Whether these are all; else there were too many.
  bool complete = true;
};

// What a worker asks for.
struct ClaimRequest {
  std::vector<std::string> workflow_ids;  // None twice.
  int limit = 1;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DOMAIN_JOB_QUERY_H_

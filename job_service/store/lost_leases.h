#ifndef VIBESTACK_JOB_SERVICE_STORE_LOST_LEASES_H_
#define VIBESTACK_JOB_SERVICE_STORE_LOST_LEASES_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "common/db/session.h"

namespace vibestack::job_service {

// Why the leases on these jobs (distinct ids) are not held: NOT_FOUND, ABORTED (JOB_CANCELLED) or
// (LEASE_LOST), by the jobs' ids. Asks nothing for no jobs.
absl::StatusOr<absl::flat_hash_map<std::string, absl::Status>> ExplainLostLeases(
    db::Session& session, const std::vector<std::string>& job_ids);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_LOST_LEASES_H_

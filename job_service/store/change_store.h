#ifndef VIBESTACK_JOB_SERVICE_STORE_CHANGE_STORE_H_
#define VIBESTACK_JOB_SERVICE_STORE_CHANGE_STORE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/db/pool.h"
#include "job_service/domain/job_query.h"

namespace vibestack::job_service {

// Change events in the database: sends NOTIFY on the channel of agent_jobs, and finds the jobs
// whose NOTIFY was lost. Errors are Pool's. Thread-safe.
class ChangeStore {
 public:
  // The pool must outlive this.
  explicit ChangeStore(db::Pool& pool) : pool_(pool) {}

  // Sends one NOTIFY for each payload, all in one statement. Every replica receives them, also this
  // one. A payload must be shorter than 8,000 bytes, PostgreSQL's limit.
  Task<absl::Status> SendNotify(std::vector<std::string> payloads, absl::Time deadline);

  // Finds the jobs whose `updated_at` is `since` or later, by the clock of the database. Reads at
  // most about 100,000 jobs; if there are more, the result is not `complete`. With `since` in the
  // future it only reads the clock.
  Task<absl::StatusOr<RecentChanges>> FindChanged(absl::Time since, absl::Time deadline);

 private:
  db::Pool& pool_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_CHANGE_STORE_H_

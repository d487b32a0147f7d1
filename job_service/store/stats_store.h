#ifndef VIBESTACK_JOB_SERVICE_STORE_STATS_STORE_H_
#define VIBESTACK_JOB_SERVICE_STORE_STATS_STORE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/db/standby_reads.h"
#include "job_service/domain/job.h"
#include "job_service/store/store_context.h"

namespace vibestack::job_service {

// Counts jobs by status. Each count stops at 10,000. Errors are those of Pool. Thread-safe.
class StatsStore {
 public:
  // `context` must outlive this.
  explicit StatsStore(const StoreContext& context)
      : pool_(context.pool), standby_reads_(context.pool, context.options.standby) {}

  // Counts the jobs of each of these workflows; if the list is empty, of the first 1,000 workflows
  // by name. WorkflowStats::recently_failed includes only the last 1,000 failures of all
  // workflows. With a standby, the counts may lag behind the primary.
  Task<absl::StatusOr<std::vector<WorkflowStats>>> CountByWorkflow(
      std::vector<std::string> workflow_ids, absl::Time deadline);

  // Counts the jobs of all workflows together.
  Task<absl::StatusOr<JobCounts>> CountAll(absl::Time deadline);

 private:
  db::Pool& pool_;
  const db::StandbyReads standby_reads_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_STATS_STORE_H_

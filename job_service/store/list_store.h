#ifndef VIBESTACK_JOB_SERVICE_STORE_LIST_STORE_H_
#define VIBESTACK_JOB_SERVICE_STORE_LIST_STORE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/db/standby_reads.h"
#include "job_service/domain/job_query.h"
#include "job_service/store/store_context.h"

namespace vibestack::job_service {

// If no index holds exactly the rows of a query, one page examines at most this many rows. A page
// that ends there has JobPage::continue_after.
inline constexpr int64_t kMaxExaminedRows = 10'000;

// Lists jobs page by page, in the order of (created_at, id). Thread-safe.
class ListStore {
 public:
  // `context` must outlive this.
  explicit ListStore(const StoreContext& context)
      : pool_(context.pool), standby_reads_(context.pool, context.options.standby) {}

  // Reads one page. It may have fewer jobs than the limit, or none, and still have a next page: see
  // JobPage::continue_after. With results, it also ends at kMaxResultBytes. Errors are those of
  // Pool.
  Task<absl::StatusOr<JobPage>> List(JobQuery query, absl::Time deadline);

  // Reads one page of the jobs that ended since a time, from the primary. It may have no job, and
  // still have a next page. Errors are those of Pool.
  Task<absl::StatusOr<EndedPage>> ListEnded(EndedQuery query, absl::Time deadline);

 private:
  db::Pool& pool_;
  const db::StandbyReads standby_reads_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_LIST_STORE_H_

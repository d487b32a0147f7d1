#ifndef VIBESTACK_JOB_SERVICE_STORE_READ_STORE_H_
#define VIBESTACK_JOB_SERVICE_STORE_READ_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/coalescer.h"
#include "common/async/task.h"
#include "common/db/pool.h"
#include "common/db/session.h"
#include "common/telemetry/metrics.h"
#include "job_service/domain/job.h"

namespace vibestack::job_service {

// The maximum size of all results that one call reads together, in bytes of JSON text. A larger
// result is read alone.
inline constexpr size_t kMaxResultBytes = 2 << 20;

// A job to read.
struct JobKey {
  std::string id;
  bool with_result = false;
  bool with_input = false;  // Only together with the result.
  // The `updated_at` of the version that the caller has. If the job still has this version, its
  // result may be left out.
  std::optional<absl::Time> known = std::nullopt;
};

// Reads jobs by id, from the primary. A job that does not exist is null. Errors are those of
// Coalescer and of Pool. Thread-safe.
class ReadStore {
 public:
  // The pool and the metrics must outlive this.
  ReadStore(CoalescerOptions batches, db::Pool& pool, Metrics& metrics);
  ReadStore(const ReadStore&) = delete;
  ReadStore& operator=(const ReadStore&) = delete;

  // Reads one job. Coalesced.
  Task<absl::StatusOr<JobPtr>> Get(JobKey key, absl::Time deadline);

  // Reads several jobs in one statement, in the order of `keys`.
  Task<absl::StatusOr<std::vector<JobPtr>>> GetAll(std::vector<JobKey> keys, absl::Time deadline);

  // Reads several jobs without their results in one statement, in the order of `ids`.
  Task<absl::StatusOr<std::vector<JobPtr>>> GetStates(const std::vector<std::string>& ids,
                                                      absl::Time deadline);

  // As GetJobsUpTo.
  Task<absl::StatusOr<std::vector<JobPtr>>> GetUpTo(std::vector<std::string> ids,
                                                    absl::Time deadline);

  // Answers waiting calls with UNAVAILABLE, and returns when no batch is in flight. May be called
  // twice.
  void Close() { gets_.Close(); }

 private:
  using Batches = Coalescer<JobKey, JobPtr>;

  Task<absl::StatusOr<Batches::Answers>> GetBatch(const std::vector<JobKey>& keys,
                                                  absl::Time deadline);

  db::Pool& pool_;
  Batches gets_;
  const MetricRegistration queue_metric_;  // Reads gets_.
};

// The two reads on one session, for stores that run several statements on it.

// Reads jobs in the order of `keys`. An id may occur several times. A job has its result if one of
// its keys asks for it.
absl::StatusOr<std::vector<JobPtr>> GetJobs(db::Session& session, const std::vector<JobKey>& keys);

// Reads jobs with their results, and with their inputs if `with_inputs`, in the order of `ids`,
// until the results and inputs reach kMaxResultBytes. The result may be shorter than `ids`, but has
// at least one entry if `ids` has one.
absl::StatusOr<std::vector<JobPtr>> GetJobsUpTo(db::Session& session,
                                                const std::vector<std::string>& ids,
                                                bool with_inputs);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_READ_STORE_H_

#ifndef VIBESTACK_JOB_SERVICE_STORE_REFUSED_JOBS_H_
#define VIBESTACK_JOB_SERVICE_STORE_REFUSED_JOBS_H_

#include <functional>
#include <string>

#include <pqxx/pqxx>
#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/db/params.h"
#include "common/db/session.h"
#include "common/db/statement.h"
#include "common/telemetry/metrics.h"

namespace vibestack::job_service {

// The jobs that another program does not let us write: its trigger or its foreign key refused a
// statement. Sweeps and claims leave these jobs out for ten minutes, so that one such job does not
// stop the others. Thread-safe; `metrics` must outlive this.
class RefusedJobs {
 public:
  explicit RefusedJobs(Metrics& metrics);
  RefusedJobs(const RefusedJobs&) = delete;
  RefusedJobs& operator=(const RefusedJobs&) = delete;

  // The ids as a parameter of a statement (refused.sql).
  std::string AsArray();

  // Adds a job, counts it in vibestack_refused_jobs_total{statement}, and logs it.
  void Add(const std::string& job_id, const char* statement, const absl::Status& status);

 private:
  prometheus::Counter& CounterOf(const char* statement);

  Metrics& metrics_;
  absl::Mutex mutex_;
  // With the time until which each is left out.
  absl::flat_hash_map<std::string, absl::Time> jobs_ ABSL_GUARDED_BY(mutex_);
};

// Whether another program refused the write of one row.
bool IsRefusal(const absl::Status& status);

// Writes up to `limit` jobs by `write`. If the write of one job is refused, calls `write` again
// with smaller limits, until this job is alone. Adds it to `refused`, and goes on with the others.
// Normally calls `write` once. Returns an error of `write` that is no refusal, and the refusal if
// too many jobs are refused; jobs of earlier calls of `write` stay written.
//
// `write(limit, first)` writes up to `limit` jobs, without the refused ones, and returns how many.
// If `first` is not null, it does so in one transaction, in which it first stores the id of the
// job that it will write; empty if there is none. `statement` is the name for the metric and the
// log.
absl::Status WriteAroundRefused(
    RefusedJobs& refused, const char* statement, int limit,
    const std::function<absl::StatusOr<int>(int limit, std::string* first)>& write);

// A statement that writes a set of jobs, and its companion (refused.sql).
struct SetStatement {
  const db::Statement& write;
  const db::Statement& find;
  // The parameters, without the refused jobs, which are the last one.
  std::function<db::Params(int limit)> params;
};

// Reads the id that a companion returns; empty for none.
absl::StatusOr<std::string> FindFirst(db::Session& session, const db::Statement& find,
                                      const db::Params& params);

// WriteAroundRefused for a statement whose rows are the jobs. Calls `read` with each result.
absl::Status RunSetStatement(db::Session& session, RefusedJobs& refused,
                             const SetStatement& statement, int limit,
                             const std::function<void(const pqxx::result&)>& read);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_REFUSED_JOBS_H_

#ifndef VIBESTACK_JOB_SERVICE_STORE_STORE_CONTEXT_H_
#define VIBESTACK_JOB_SERVICE_STORE_STORE_CONTEXT_H_

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "common/async/coalescer.h"
#include "common/async/delays.h"
#include "common/async/task.h"
#include "common/db/locked_rows.h"
#include "common/db/pool.h"
#include "common/telemetry/metrics.h"
#include "job_service/domain/change_publisher.h"
#include "job_service/domain/job_changes.h"
#include "job_service/domain/workflow.h"
#include "job_service/store/job_metrics.h"
#include "job_service/store/refused_jobs.h"

namespace vibestack::job_service {

struct StoreOptions {
  // How concurrent calls of one kind are coalesced. The stores add the metrics and spans.
  CoalescerOptions batches;
  WorkflowSource workflows = [] { return std::make_shared<const WorkflowSet>(); };
  // Serves the reads that may lag (see StandbyReads). Null: the primary serves them.
  db::Pool* standby = nullptr;
};

// Until when a call for several jobs waits for the rows that other transactions have locked: it
// must bring the answers of the other jobs before its deadline.
inline absl::Time LockedRowDeadline(absl::Time now, absl::Time deadline) {
  return std::min(now + (deadline - now) / 2, now + absl::Seconds(2));
}

// What the stores share. JobStores owns it. Thread-safe.
struct StoreContext {
  // The standby in `options`, the pool, the publisher and the metrics must outlive this.
  StoreContext(StoreOptions options, db::Pool& pool, ChangePublisher& publisher, Metrics& metrics)
      : options(std::move(options)),
        pool(pool),
        publisher(publisher),
        metrics(metrics),
        job_metrics(metrics),
        refused(metrics) {}
  StoreContext(const StoreContext&) = delete;
  StoreContext& operator=(const StoreContext&) = delete;

  const StoreOptions options;
  db::Pool& pool;
  ChangePublisher& publisher;
  Metrics& metrics;
  JobMetrics job_metrics;
  RefusedJobs refused;
  // The waits of calls whose row another transaction has locked.
  Delays delays;

  // Runs a task on the pool until it meets no locked row: see db::RunUntilUnlocked.
  template <typename T>
  Task<absl::StatusOr<T>> RunUntilUnlocked(absl::Time deadline, db::Repeat repeat,
                                           std::function<absl::StatusOr<T>(db::Session&)> work) {
    return db::RunUntilUnlocked<T>(pool, delays, deadline, repeat, std::move(work));
  }

  // Notes that a job has left the state processing. If its workflow bounds the processing jobs,
  // this wakes a claim that waits for a place.
  void NotePlace(const std::string& workflow_id, JobChanges& changes) const {
    if (options.workflows()->MaxProcessing(workflow_id) > 0) ++changes.pending[workflow_id];
  }

  // Publishes what a committed write changed, if anything.
  void Publish(JobChanges changes) {
    if (!changes.empty()) publisher.Publish(std::move(changes));
  }
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_STORE_CONTEXT_H_

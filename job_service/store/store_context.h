#ifndef VIBESTACK_JOB_SERVICE_STORE_STORE_CONTEXT_H_
#define VIBESTACK_JOB_SERVICE_STORE_STORE_CONTEXT_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "common/async/coalescer.h"
#include "common/db/pool.h"
#include "common/telemetry/metrics.h"
#include "job_service/domain/change_publisher.h"
#include "job_service/domain/job_changes.h"
#include "job_service/domain/workflow.h"
#include "job_service/store/job_metrics.h"

namespace vibestack::job_service {

struct StoreOptions {
  // How concurrent calls of one kind are coalesced. The stores set on_batch and begin_trace.
  CoalescerOptions batches;
  // How long a lease lasts without a heartbeat, unless the workflow has its own duration.
  absl::Duration lease_duration = absl::Seconds(60);
  // Returns the present configuration of the workflows. Thread-safe.
  std::function<WorkflowSetPtr()> workflows = [] { return std::make_shared<const WorkflowSet>(); };
  // The standby for reads that may lag (LaggingReads). Null: they run on the primary.
  db::Pool* standby = nullptr;
};

// What the stores share. JobStores owns it. Thread-safe.
struct StoreContext {
  // The standby in `options`, the pool, the publisher and the metrics must outlive this.
  StoreContext(StoreOptions options, db::Pool& pool, ChangePublisher& publisher, Metrics& metrics)
      : options(std::move(options)),
        pool(pool),
        publisher(publisher),
        metrics(metrics),
        job_metrics(metrics) {}
  StoreContext(const StoreContext&) = delete;
  StoreContext& operator=(const StoreContext&) = delete;

  const StoreOptions options;
  db::Pool& pool;
  ChangePublisher& publisher;
  Metrics& metrics;
  JobMetrics job_metrics;

  // Publishes the change event of a committed write, unless it is empty.
  void Publish(JobChanges changes) {
    if (!changes.empty()) publisher.Publish(std::move(changes));
  }
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_STORE_CONTEXT_H_

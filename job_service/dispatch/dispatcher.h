#ifndef VIBESTACK_JOB_SERVICE_DISPATCH_DISPATCHER_H_
#define VIBESTACK_JOB_SERVICE_DISPATCH_DISPATCHER_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/async/completion.h"
#include "common/async/task.h"
#include "common/auth/token_issuer.h"
#include "common/http/client.h"
#include "common/http/delivery.h"
#include "common/telemetry/metrics.h"
#include "job_service/dispatch/outcome.h"
#include "job_service/dispatch/sender.h"
#include "job_service/dispatch/task_group.h"
#include "job_service/dispatch/workflow_dispatcher.h"
#include "job_service/domain/job.h"
#include "job_service/domain/workflow.h"
#include "job_service/store/dispatch_store.h"
#include "job_service/subscriptions/job_subscriptions.h"

namespace vibestack::job_service {

// Pushes jobs to their workflows, with one WorkflowDispatcher for each pushed workflow. Every
// replica has one Dispatcher. Thread-safe. Metrics, in addition to those of Sender:
// vibestack_dispatch_jobs{workflow_id,state="under_way"|"waiting_retry"} and
// vibestack_dispatch_circuit_open{workflow_id}.
class Dispatcher {
 public:
  struct Options {
    Sender::Options sender;
    // A PEM file with the certificates to trust; empty: those of the system.
    std::string ca_file;
    // How often a WorkflowDispatcher polls for pending jobs, in case a change event was lost.
    absl::Duration poll_interval;
    WorkflowSource workflows;
  };

  // The references must outlive this. Dispatches nothing before the first Refresh().
  Dispatcher(Options options, DispatchStore& store, ReadStore& read_store,
             JobSubscriptions& job_subscriptions, Metrics& metrics);
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;
  ~Dispatcher() { Stop(absl::InfinitePast()); }

  // Applies the present configuration: starts the dispatchers of new pushed workflows. The others
  // forget the failures of their targets and try again now.
  void Refresh();

  // Starts no further request, waits for the requests under way until `until` by the machine's
  // clock, cancels the others, and returns when every task has ended. May be called twice.
  void Stop(absl::Time until);

  WorkflowSetPtr workflows() const { return options_.workflows(); }

  // Notifies the cancel URL of the job's workflow, if it has one, in the background. Drops the
  // notification with a log line if too many are under way.
  void NotifyCancelled(Job job, std::string reason);

 private:
  Task<void> NotifyCancelUrl(Job job, std::string reason);
  void AppendJobs(std::vector<prometheus::ClientMetric>& series);
  void AppendCircuits(std::vector<prometheus::ClientMetric>& series);

  const Options options_;
  http::Client client_;
  http::DeliveryClient delivery_client_;
  Sender sender_;
  TaskGroup tasks_;
  const WorkflowDispatcher::Shared shared_;
  absl::Mutex mutex_;
  std::map<std::string, std::unique_ptr<WorkflowDispatcher>> workflow_dispatchers_
      ABSL_GUARDED_BY(mutex_);
  int cancels_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // Last: they read the dispatchers.
  MetricRegistration jobs_metric_;
  MetricRegistration circuits_metric_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DISPATCH_DISPATCHER_H_

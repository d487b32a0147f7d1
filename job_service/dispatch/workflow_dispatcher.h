#ifndef VIBESTACK_JOB_SERVICE_DISPATCH_WORKFLOW_DISPATCHER_H_
#define VIBESTACK_JOB_SERVICE_DISPATCH_WORKFLOW_DISPATCHER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "job_service/dispatch/circuit_breaker.h"
#include "job_service/dispatch/input_dispatch.h"
#include "job_service/dispatch/sender.h"
#include "job_service/dispatch/task_group.h"
#include "job_service/domain/job.h"
#include "job_service/domain/workflow.h"
#include "job_service/store/dispatch_store.h"
#include "job_service/subscriptions/job_subscriptions.h"

namespace vibestack::job_service {

// Dispatches the jobs of one pushed workflow from this replica: claims pending jobs, posts a
// bounded number at once, stores the outcomes, and keeps jobs in memory that wait for a retry. Each
// workflow has a dispatcher of its own, so workflows do not delay each other. Change events of
// pending jobs wake it; a slow poll backs them up. Thread-safe.
//
// While a job is pending it belongs to the replica that wrote its `updated_at` last, for the
// workflow's visibility timeout (Push::VisibilityTimeout).
class WorkflowDispatcher {
 public:
  // What all dispatchers share; all of it must outlive them.
  struct Shared {
    DispatchStore& store;
    JobSubscriptions& job_subscriptions;
    Sender& sender;
    TaskGroup& tasks;
    WorkflowSource workflows;
    absl::Duration poll_interval;
  };

  WorkflowDispatcher(std::string workflow_id, const Shared& shared);
  WorkflowDispatcher(const WorkflowDispatcher&) = delete;
  WorkflowDispatcher& operator=(const WorkflowDispatcher&) = delete;

  // Starts to dispatch, until Stop(). It idles while the workflow is not pushed.
  void Begin() { shared_.tasks.Go(Run()); }

  // Posts a claimed job with its input, once. `dispatch` gets the outcome.
  void BeginWithInput(Job job, std::string input, std::shared_ptr<InputDispatch> dispatch) {
    shared_.tasks.Go(AttemptWithInput(std::move(job), std::move(input), std::move(dispatch)));
  }

  const std::string& workflow_id() const { return workflow_id_; }

  // Looks for pending jobs now.
  void WakeUp() { Notify(Wake::kChange); }

  // For metrics.
  struct Stats {
    size_t under_way = 0;      // requests
    size_t waiting_retry = 0;  // jobs that wait for a retry
    bool circuit_open = false;
  };
  Stats stats();

  // Starts no further request. Other replicas dispatch the jobs that wait here once their
  // visibility timeout has passed.
  void Stop();

 private:
  // A job that waits for a retry.
  struct PendingRetry {
    Job job;
    absl::Time retry_at;
    absl::Time renew_at;    // when to renew the visibility timeout
    absl::Time give_up_at;  // the dispatch timeout
    std::string error;      // the job's error after the dispatch timeout
    bool starts = false;    // whether the retry starts now
  };

  // The timeout of a statement. A visibility timeout leaves this much time after the request.
  static constexpr absl::Duration kStoreTime = absl::Seconds(4);

  Task<void> Run();
  // Does what is due, and returns the time of the next poll.
  Task<absl::Time> Work(const Push& push);
  // Fails the jobs whose dispatch timeout has passed.
  Task<void> FailGivenUp(const Push& push);
  // Starts the retries that are due, and renews the visibility timeout of the others.
  Task<void> RenewPendingRetries(const Push& push);
  Task<void> ClaimNew(const Push& push);

  // Posts a job that was claimed or renewed at `claimed_at`, if a slot is free; else keeps it for a
  // retry.
  void BeginAttempt(const Push& push, Job job, absl::Time claimed_at);
  Task<void> Attempt(Job job, absl::Time claimed_at);
  Task<void> AttemptWithInput(Job job, std::string input, std::shared_ptr<InputDispatch> dispatch);
  // Posts a job with its input if a slot is free. UNAVAILABLE when the caller must repeat the call.
  Task<absl::Status> PostWithInput(const Push& push, const Job& job, const std::string& input);

  // Takes a slot for a request; false when none is free. ReleaseSlot gives it back.
  bool TakeSlot(const Push& push);
  void ReleaseSlot();
  int FreeSlots(const Push& push);

  // Counts the outcome as a failure or success of the target.
  void RecordInCircuitBreaker(const DispatchOutcome& outcome);
  // Stores the outcome of an attempt, or keeps the job for a retry.
  Task<void> HandleOutcome(const Push& push, const Job& job, absl::Time claimed_at,
                           const DispatchOutcome& outcome);
  Task<void> Store(const Job& job, JobStatus status, std::optional<std::string> result);
  static void LogIfNotStored(const Job& job, const absl::Status& stored);
  // Keeps a job for a retry; false when its dispatch timeout has passed.
  bool KeepForRetry(const Push& push, const Job& job, absl::Time claimed_at,
                    const DispatchOutcome& outcome);
  // The retries that start now, as many as slots are free, and those whose visibility timeout must
  // be renewed. They leave the list.
  std::vector<PendingRetry> TakeDueRetries(absl::Time now, int max_concurrent);
  std::vector<PendingRetry> TakeGivenUp(absl::Time now);

  bool IsStopping();
  // False while the dispatcher stops.
  bool SetWaker(const std::shared_ptr<Waker>& waker);
  void Notify(Wake reason);
  absl::Time NextPoll(absl::Time now);

  const std::string workflow_id_;
  const Shared shared_;
  absl::Mutex mutex_;
  std::shared_ptr<Waker> waker_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  int under_way_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<PendingRetry> pending_retries_ ABSL_GUARDED_BY(mutex_);
  CircuitBreaker circuit_breaker_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DISPATCH_WORKFLOW_DISPATCHER_H_

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
#include "job_service/dispatch/sender.h"
#include "job_service/dispatch/task_group.h"
#include "job_service/domain/job.h"
#include "job_service/domain/workflow.h"
#include "job_service/store/dispatch_store.h"
#include "job_service/store/read_store.h"
#include "job_service/subscriptions/job_subscriptions.h"

namespace vibestack::job_service {

// Dispatches the jobs of one pushed workflow on this replica: claims pending jobs, posts a bounded
// number at once, stores the outcomes, and keeps the jobs that wait for a retry in memory. Each
// workflow has its own dispatcher, so workflows do not delay each other. Change events about
// pending jobs wake it; it also polls, because they may be lost. Thread-safe.
//
// A pending job belongs to the replica that claimed or renewed it, for the workflow's visibility
// timeout since its `updated_at` (Push::VisibilityTimeout).
class WorkflowDispatcher {
 public:
  // What all dispatchers share. All of it must outlive them.
  struct Shared {
    DispatchStore& store;
    ReadStore& read_store;
    JobSubscriptions& job_subscriptions;
    Sender& sender;
    TaskGroup& tasks;
    WorkflowSource workflows;
    absl::Duration poll_interval;
  };

  WorkflowDispatcher(std::string workflow_id, const Shared& shared);
  WorkflowDispatcher(const WorkflowDispatcher&) = delete;
  WorkflowDispatcher& operator=(const WorkflowDispatcher&) = delete;

  // Starts to dispatch, until Stop(). Call it once. Idles while the workflow is not pushed.
  void Begin() { shared_.tasks.Go(Run()); }

  const std::string& workflow_id() const { return workflow_id_; }

  // Looks for pending jobs now.
  void WakeUp() { Notify(Wake::kChange); }

  // For metrics.
  struct Stats {
    size_t under_way = 0;      // the number of requests under way
    size_t waiting_retry = 0;  // the number of jobs that wait for a retry
    bool circuit_open = false;
  };
  Stats stats();

  // Starts no further request. Does not wait for requests under way. Other replicas dispatch the
  // jobs that wait for a retry here after their visibility timeout.
  void Stop();

 private:
  // A job that waits for a retry.
  struct PendingRetry {
    Job job;
    absl::Time retry_at;
    absl::Time renew_at;    // when to renew the visibility timeout
    absl::Time give_up_at;  // when the dispatch timeout passes
    std::string error;      // the job's error if the dispatch timeout passes
    // Whether the next renewal stores the time of the first request in the row.
    bool stores_first_request = false;
    bool starts = false;  // whether the retry starts now
  };

  // The timeout of each statement. The visibility timeout leaves this time after the request.
  static constexpr absl::Duration kStoreTime = absl::Seconds(4);

  Task<void> Run();
  // Does what is due, and returns the time of the next poll.
  Task<absl::Time> Work(const Push& push);
  // Fails the jobs whose dispatch timeout has passed.
  Task<void> FailGivenUp(const Push& push);
  // Starts the retries that are due and have a slot, and renews the visibility timeout of the
  // others in time.
  Task<void> RenewPendingRetries(const Push& push);
  Task<void> Renew(const Push& push, std::vector<PendingRetry> to_renew);
  // Claims pending jobs for the free slots, and posts them.
  Task<void> ClaimNew(const Push& push);

  // Starts to post a job that was claimed or renewed at `claimed_at`. If no slot is free, keeps it
  // for a later request.
  void BeginAttempt(const Push& push, Job job, absl::Time claimed_at);
  Task<void> Attempt(Job job, absl::Time claimed_at);
  // Reads a claimed job with its input. Null if the job was written since the claim, or if the
  // database does not respond.
  Task<JobPtr> ReadClaimed(const Job& job);

  // Takes a slot for a request; false if none is free. ReleaseSlot() gives it back.
  bool TakeSlot(const Push& push);
  void ReleaseSlot();
  int FreeSlots(const Push& push);

  // Records the outcome as a failure or a success of the target.
  void RecordInCircuitBreaker(const DispatchOutcome& outcome);
  // Stores the outcome of an attempt, or keeps the job for a retry.
  Task<void> HandleOutcome(const Push& push, const Job& job, absl::Time claimed_at,
                           const DispatchOutcome& outcome);
  Task<void> Store(const Job& job, JobStatus status, std::optional<std::string> result);
  static void LogIfNotStored(const Job& job, const absl::Status& stored);
  // Keeps a job whose request failed for a retry; false if its dispatch timeout has passed.
  bool KeepForRetry(const Push& push, Job job, absl::Time claimed_at,
                    const DispatchOutcome& outcome);
  // Keeps a job for another try, although no request was sent since its claim.
  void KeepUnsent(const Push& push, Job job, absl::Time claimed_at);
  // Takes from the list the retries that start now, as many as there are free slots, and those
  // whose visibility timeout must be renewed.
  std::vector<PendingRetry> TakeDueRetries(absl::Time now, int max_concurrent);
  // Takes from the list the retries whose dispatch timeout has passed.
  std::vector<PendingRetry> TakeGivenUp(absl::Time now);

  bool IsStopping();
  // Sets the waker of Run(); false if the dispatcher stops.
  bool SetWaker(const std::shared_ptr<Waker>& waker);
  void Notify(Wake reason);
  absl::Time NextPoll(absl::Time now);

  const std::string workflow_id_;
  const Shared shared_;
  int max_overdue_ = 1'000;  // Only Run() uses it.
  absl::Mutex mutex_;
  std::shared_ptr<Waker> waker_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  int under_way_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<PendingRetry> pending_retries_ ABSL_GUARDED_BY(mutex_);
  CircuitBreaker circuit_breaker_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DISPATCH_WORKFLOW_DISPATCHER_H_

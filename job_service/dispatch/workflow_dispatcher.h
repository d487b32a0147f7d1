#ifndef VIBESTACK_JOB_SERVICE_DISPATCH_WORKFLOW_DISPATCHER_H_
#define VIBESTACK_JOB_SERVICE_DISPATCH_WORKFLOW_DISPATCHER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "job_service/dispatch/circuit.h"
#include "job_service/dispatch/input_dispatch.h"
#include "job_service/dispatch/sender.h"
#include "job_service/dispatch/task_group.h"
#include "job_service/domain/job.h"
#include "job_service/domain/workflow.h"
#include "job_service/store/dispatch_store.h"
#include "job_service/subscriptions/job_subscriptions.h"

namespace vibestack::job_service {

// The dispatches of one workflow in this replica: takes pending jobs, posts so many at once, stores
// what came of it, and keeps those that are to be tried again until their time. No other workflow
// waits for it. Woken by news of pending jobs; a slow poll stands behind it. Thread-safe.
class WorkflowDispatcher {
 public:
  // What all lanes share; all of it must outlive them.
  struct Shared {
    DispatchStore& store;
    JobSubscriptions& job_subscriptions;
    Sender& sender;
    TaskGroup& tasks;
    std::function<WorkflowSetPtr()> workflows;
    absl::Duration poll_interval;
  };

  WorkflowDispatcher(std::string workflow_id, const Shared& shared);
  WorkflowDispatcher(const WorkflowDispatcher&) = delete;
  WorkflowDispatcher& operator=(const WorkflowDispatcher&) = delete;

  // Begins its tasks, which end after Stop(). While the workflow is not pushed it idles.
  void Begin() { shared_.tasks.Go(Run()); }

  // Posts a job of ours with its input, once, and tells `dispatch` what came of it.
  void BeginWithInput(Job job, std::string input, std::shared_ptr<InputDispatch> dispatch) {
    shared_.tasks.Go(AttemptWithInput(std::move(job), std::move(input), std::move(dispatch)));
  }

  const std::string& workflow_id() const { return workflow_id_; }

  // Has it look for jobs now.
  void WakeUp() { Notify(Wake::kChange); }

  // For metrics.
  struct Stats {
    size_t under_way = 0;     // requests
    size_t held = 0;          // jobs that wait for another try
    bool left_alone = false;  // since the target failed again and again
  };
  Stats stats();

  // Begins no dispatch any more. What it kept belongs to any replica once its time is over.
  void Stop();

 private:
  // A job that is to be tried again.
  struct Held {
    Job job;
    absl::Time due;         // The next try.
    absl::Time keep_by;     // It belongs to us until a while after.
    absl::Time give_up_at;  // The dispatch timeout.
    std::string error;      // What it fails with then.
    bool begins = false;    // Its next try begins now.
  };

  // For a statement; Push::hold() leaves this much after a request.
  static constexpr absl::Duration kStoreTime = absl::Seconds(4);

  static void LogUnstored(const Job& job, const absl::Status& stored);
  Task<void> Run();
  // Does what there is to do, and tells when to look again at the latest.
  Task<absl::Time> Work(const Push& push);
  Task<void> RenewHeld(const Push& push);
  Task<void> FailGivenUp(const Push& push);
  Task<void> ClaimNew(const Push& push);
  Task<void> Attempt(Job job, absl::Time taken_at);
  Task<void> AttemptWithInput(Job job, std::string input, std::shared_ptr<InputDispatch> dispatch);
  // Posts it if there is room; UNAVAILABLE when it is to be tried again.
  Task<absl::Status> PostWithInput(const Push& push, const Job& job, const std::string& input);
  // What the outcome says of the target.
  void Note(const DispatchOutcome& outcome);
  // Whether there was room for one more.
  bool Enter(const Push& push);
  Task<void> Settle(const Push& push, const Job& job, absl::Time taken_at,
                    const DispatchOutcome& outcome);
  Task<void> Store(const Job& job, JobStatus status, std::optional<std::string> result);
  // Keeps a job for another try; false when its dispatch timeout is over.
  bool Keep(const Push& push, const Job& job, absl::Time taken_at, const DispatchOutcome& outcome);

  // Posts it if there is room, else keeps it for another try.
  void BeginAttempt(const Push& push, Job job, absl::Time taken_at);
  void EndAttempt();
  std::vector<Held> TakeToRenew(absl::Time now, int max_concurrent);
  std::vector<Held> TakeGivenUp(absl::Time now);
  bool IsStopping();
  int Room(const Push& push);
  bool SetWaker(const std::shared_ptr<Waker>& waker);
  void Notify(Wake reason);
  absl::Time NextLook(absl::Time now);

  const std::string workflow_id_;
  const Shared shared_;
  absl::Mutex mutex_;
  std::shared_ptr<Waker> waker_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  int under_way_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<Held> held_ ABSL_GUARDED_BY(mutex_);
  Circuit circuit_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DISPATCH_WORKFLOW_DISPATCHER_H_

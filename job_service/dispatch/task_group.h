#ifndef VIBESTACK_JOB_SERVICE_DISPATCH_TASK_GROUP_H_
#define VIBESTACK_JOB_SERVICE_DISPATCH_TASK_GROUP_H_

#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/base/exception.h"

namespace vibestack::job_service {

// Runs tasks in the background and can wait until all have ended. Thread-safe.
class TaskGroup {
 public:
  TaskGroup() = default;
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Starts a task. It runs on this thread until it first waits, and then continues in the
  // background.
  void Go(Task<void> task) {
    {
      absl::MutexLock lock(&mutex_);
      ++running_;
    }
    Start(Run(std::move(task)));
  }

  // Blocks until every task has ended, or `until`. Returns whether every task has ended.
  bool Await(absl::Time until) {
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithDeadline(absl::Condition(this, &TaskGroup::idle), until);
  }

 private:
  Task<void> Run(Task<void> task) {
    try {
      co_await task;
    } catch (...) {
      ReportException();
    }
    absl::MutexLock lock(&mutex_);
    --running_;
  }

  bool idle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return running_ == 0; }

  absl::Mutex mutex_;
  int running_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DISPATCH_TASK_GROUP_H_

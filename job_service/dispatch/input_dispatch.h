#ifndef VIBESTACK_JOB_SERVICE_DISPATCH_INPUT_DISPATCH_H_
#define VIBESTACK_JOB_SERVICE_DISPATCH_INPUT_DISPATCH_H_

#include <memory>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "common/base/trace_context.h"
#include "job_service/subscriptions/job_subscriptions.h"

namespace vibestack::job_service {

// The dispatch of a job by the call that has its input: shared by that call, which may go away, and
// the dispatch, which goes on. Thread-safe.
class InputDispatch {
 public:
  // `ended` is woken with kChange at the end. `trace` is the call's, null for none, and is copied.
  InputDispatch(std::shared_ptr<Waker> ended, const TraceContext* trace)
      : ended_(std::move(ended)) {
    if (trace != nullptr) trace_ = *trace;
  }

  // What the dispatch is traced by; null for nothing. Lives as long as this.
  const TraceContext* trace() const { return trace_.has_value() ? &*trace_ : nullptr; }

  // What came of it: OK when the workflow took the job or refused it for good, and that is stored;
  // UNAVAILABLE when it did not. Nothing while it is under way.
  std::optional<absl::Status> outcome() const {
    absl::MutexLock lock(&mutex_);
    return outcome_;
  }

  // Once.
  void End(absl::Status outcome) {
    {
      absl::MutexLock lock(&mutex_);
      outcome_ = std::move(outcome);
    }
    ended_->Notify(Wake::kChange);
  }

 private:
  const std::shared_ptr<Waker> ended_;
  std::optional<TraceContext> trace_;
  mutable absl::Mutex mutex_;
  std::optional<absl::Status> outcome_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DISPATCH_INPUT_DISPATCH_H_

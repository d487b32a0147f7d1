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

// The dispatch of a job with its input: shared by the call that has the input and the task that
// posts the job. The task continues if the call ends first. Thread-safe.
class InputDispatch {
 public:
  // End() wakes `ended` with kChange. `trace` is copied; it may be null.
  InputDispatch(std::shared_ptr<Waker> ended, const TraceContext* trace)
      : ended_(std::move(ended)) {
    if (trace != nullptr) trace_ = *trace;
  }

  // The trace that the post belongs to, or null. Valid while this lives.
  const TraceContext* trace() const { return trace_.has_value() ? &*trace_ : nullptr; }

  // std::nullopt while the dispatch is under way. OK after the workflow accepted, completed or
  // refused the job; read the job for the result. It is still pending if the outcome could not be
  // stored. UNAVAILABLE if the caller must repeat the call.
  std::optional<absl::Status> outcome() const {
    absl::MutexLock lock(&mutex_);
    return outcome_;
  }

  // Sets the outcome, once.
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

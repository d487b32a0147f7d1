#ifndef VIBESTACK_JOB_SERVICE_DISPATCH_FED_DISPATCH_H_
#define VIBESTACK_JOB_SERVICE_DISPATCH_FED_DISPATCH_H_

#include <memory>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "job_service/events/hub.h"

namespace vibestack::job_service {

// The dispatch of a job by the call that has its input: shared by that call, which may go away, and
// the dispatch, which goes on. Thread-safe.
class FedDispatch {
 public:
  // `ended` is woken with kNews at the end.
  explicit FedDispatch(std::shared_ptr<Waker> ended) : ended_(std::move(ended)) {}

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
    ended_->Notify(Wake::kNews);
  }

 private:
  const std::shared_ptr<Waker> ended_;
  mutable absl::Mutex mutex_;
  std::optional<absl::Status> outcome_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DISPATCH_FED_DISPATCH_H_

#ifndef VIBESTACK_JOB_SERVICE_DISPATCH_TRACE_MEMORY_H_
#define VIBESTACK_JOB_SERVICE_DISPATCH_TRACE_MEMORY_H_

#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/auth/lru_map.h"
#include "common/base/trace_context.h"

namespace vibestack::job_service {

// By which trace jobs of pushed workflows were created, for the posts that follow behind the
// caller's back. Of the latest jobs that this replica created: there is no column for it, and what
// another replica posts begins a trace of its own. Thread-safe.
class TraceMemory {
 public:
  // The first trace of a job stays: whoever names its id again, or names another's, is not who made
  // it.
  void Remember(const std::string& job_id, const TraceContext& trace) {
    absl::MutexLock lock(&mutex_);
    if (traces_.Find(job_id) == nullptr) traces_.Put(job_id, trace);
  }

  std::optional<TraceContext> Find(const std::string& job_id) {
    absl::MutexLock lock(&mutex_);
    const TraceContext* const trace = traces_.Find(job_id);
    if (trace == nullptr) return std::nullopt;
    return *trace;
  }

 private:
  static constexpr size_t kMostJobs = 10'000;

  absl::Mutex mutex_;
  auth::LruMap<std::string, TraceContext> traces_ ABSL_GUARDED_BY(mutex_){kMostJobs};
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DISPATCH_TRACE_MEMORY_H_

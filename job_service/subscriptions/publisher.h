#ifndef VIBESTACK_JOB_SERVICE_SUBSCRIPTIONS_PUBLISHER_H_
#define VIBESTACK_JOB_SERVICE_SUBSCRIPTIONS_PUBLISHER_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "job_service/domain/job_changes.h"
#include "job_service/subscriptions/job_subscriptions.h"

namespace vibestack::job_service {

// Tells the news of our own committed writes: to the calls that wait here at once, and to the other
// replicas by NOTIFY. One NOTIFY is under way at a time; what comes meanwhile is merged into the
// next, for each takes a lock over the whole cluster. A NOTIFY that fails is not sent again: a slow
// poll stands behind everything that waits. Thread-safe.
class Publisher {
 public:
  // Sends payloads in one statement, before the deadline.
  using Send =
      std::function<Task<absl::Status>(std::vector<std::string> payloads, absl::Time deadline)>;

  // `hub` must outlive this. `origin` marks our payloads, so that they do not wake our own waiters
  // a second time when they come back (see IsFrom).
  Publisher(JobSubscriptions& job_subscriptions, std::string origin, Send send);
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;
  ~Publisher() { Close(); }

  void Publish(JobChanges changes);

  const std::string& origin() const { return origin_; }

  // Returns when everything that was published is sent, or could not be. Call it when nothing
  // publishes any more; may be called twice.
  void Close();

 private:
  Task<void> SendAll(JobChanges changes);
  // The news that gathered, or none, in which case sending has ended.
  JobChanges TakeOrEnd();

  JobSubscriptions& job_subscriptions_;
  const std::string origin_;
  const Send send_;
  absl::Mutex mutex_;
  JobChanges gathered_ ABSL_GUARDED_BY(mutex_);
  bool sending_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_SUBSCRIPTIONS_PUBLISHER_H_

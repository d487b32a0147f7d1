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
#include "common/base/uuid.h"
#include "job_service/domain/change_publisher.h"
#include "job_service/domain/job_changes.h"
#include "job_service/subscriptions/filter_subscriptions.h"
#include "job_service/subscriptions/job_subscriptions.h"

namespace vibestack::job_service {

struct PublisherOptions {
  // Marks the payloads of this replica, so that its ChangeListener ignores them (IsFrom). Letters
  // and digits only.
  std::string origin = NewUuid().substr(0, 8);
  // The minimum time from the start of one NOTIFY to the start of the next. A NOTIFY after a pause
  // is sent at once; under load, more changes are merged into one NOTIFY, because every NOTIFY
  // wakes every replica. The wait uses a gRPC alarm; zero means no wait.
  absl::Duration min_interval = absl::Milliseconds(5);
};

// Publishes the change events of our own committed writes: to the subscriptions of this replica at
// once, and to the other replicas by NOTIFY.
//
// One NOTIFY is in flight at a time, because its commit takes a lock for the whole cluster. Changes
// that arrive in the meantime are merged into the next NOTIFY. A failed NOTIFY is logged and not
// retried, because every subscription also polls. Thread-safe.
class Publisher final : public ChangePublisher {
 public:
  // Sends payloads in one statement, before the deadline. See ChangeStore::SendNotify.
  using SendNotify =
      std::function<Task<absl::Status>(std::vector<std::string> payloads, absl::Time deadline)>;

  // The subscriptions, and what `send_notify` uses, must outlive this.
  Publisher(JobSubscriptions& job_subscriptions, FilterSubscriptions& filter_subscriptions,
            SendNotify send_notify, PublisherOptions options = PublisherOptions());
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;
  ~Publisher() override { Close(); }

  void Publish(JobChanges changes) override;

  const std::string& origin() const { return options_.origin; }

  // Returns when the NOTIFY of every published change has succeeded or failed. Call this after the
  // last Publish(). May be called twice.
  void Close();

 private:
  Task<void> SendAll(JobChanges changes);
  Task<absl::Status> Send(const JobChanges& changes);
  // Takes the merged changes. If there are none, ends the sending.
  JobChanges TakeOrEnd();

  JobSubscriptions& job_subscriptions_;
  FilterSubscriptions& filter_subscriptions_;
  const SendNotify send_notify_;
  const PublisherOptions options_;
  absl::Mutex mutex_;
  JobChanges merged_ ABSL_GUARDED_BY(mutex_);
  bool sending_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_SUBSCRIPTIONS_PUBLISHER_H_

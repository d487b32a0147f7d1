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
  // Marks the payloads of this replica, so that its ChangeListener ignores them when they come back
  // (see IsFrom). Letters and digits only.
  std::string origin = NewUuid().substr(0, 8);
  // The shortest time between the beginnings of two NOTIFYs. The first NOTIFY goes at once; under
  // load this merges more changes into one, because every NOTIFY wakes every replica. Waiting uses
  // a gRPC alarm; with zero nothing waits.
  absl::Duration min_interval = absl::Milliseconds(5);
};

// Publishes the change events of our own committed writes: to the subscriptions of this replica at
// once, and to the other replicas by NOTIFY.
//
// One NOTIFY is in flight at a time, because each one locks the whole cluster. Changes that arrive
// in the meantime are merged into the next one. A failed NOTIFY is logged and not repeated:
// every subscription also polls slowly. Thread-safe.
class Publisher final : public ChangePublisher {
 public:
  // Sends payloads in one statement, before the deadline: ChangeStore::SendNotify.
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

  // Returns when every published change is sent, or its NOTIFY has failed. Call this when nothing
  // publishes any more. May be called twice.
  void Close();

 private:
  Task<void> SendAll(JobChanges changes);
  // Takes the merged changes. When there are none, sending has ended.
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

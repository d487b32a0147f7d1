#include "job_service/subscriptions/publisher.h"

#include <utility>

#include "absl/time/clock.h"
#include "common/rpc/alarm.h"
#include "common/telemetry/log.h"
#include "job_service/subscriptions/notify_payload.h"

namespace vibestack::job_service {
namespace {

constexpr absl::Duration kNotifyTimeout = absl::Seconds(5);

}  // namespace

Publisher::Publisher(JobSubscriptions& job_subscriptions, FilterSubscriptions& filter_subscriptions,
                     SendNotify send_notify, PublisherOptions options)
    : job_subscriptions_(job_subscriptions),
      filter_subscriptions_(filter_subscriptions),
      send_notify_(std::move(send_notify)),
      options_(std::move(options)) {}

void Publisher::Publish(JobChanges changes) {
  filter_subscriptions_.Notify(changes);
  job_subscriptions_.Notify(changes);
  JobChanges first;
  {
    absl::MutexLock lock(&mutex_);
    MergeChanges(std::move(changes), merged_);
    if (sending_ || merged_.empty()) return;
    sending_ = true;
    first = std::exchange(merged_, {});
  }
  Start(SendAll(std::move(first)));
}

JobChanges Publisher::TakeOrEnd() {
  absl::MutexLock lock(&mutex_);
  sending_ = !merged_.empty();
  return std::exchange(merged_, {});
}

Task<void> Publisher::SendAll(JobChanges changes) {
  while (!changes.empty()) {
    const absl::Time next = absl::Now() + options_.min_interval;
    const absl::Status sent = co_await Send(changes);
    if (!sent.ok()) {
      Log(LogLevel::kWarning, "notify_failed",
          {{"code", absl::StatusCodeToString(sent.code())}, {"jobs", changes.changed.size()}});
    }
    if (options_.min_interval > absl::ZeroDuration()) co_await rpc::WaitUntil(next);
    // If this ends the sending, Close() may return, so nothing after this line may use a member.
    changes = TakeOrEnd();
  }
}

Task<absl::Status> Publisher::Send(const JobChanges& changes) {
  std::vector<std::string> payloads = EncodeNotifyPayloads(changes, options_.origin);
  co_return co_await send_notify_(std::move(payloads), absl::Now() + kNotifyTimeout);
}

void Publisher::Close() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(
      +[](bool* sending) { return !*sending; }, &sending_));
}

}  // namespace vibestack::job_service

#include "job_service/subscriptions/publisher.h"

#include <utility>

#include "absl/time/clock.h"
#include "common/telemetry/log.h"
#include "job_service/subscriptions/notify_payload.h"

namespace vibestack::job_service {
namespace {

constexpr absl::Duration kLongestSend = absl::Seconds(5);

}  // namespace

Publisher::Publisher(JobSubscriptions& job_subscriptions, std::string origin, Send send)
    : job_subscriptions_(job_subscriptions), origin_(std::move(origin)), send_(std::move(send)) {}

void Publisher::Publish(JobChanges changes) {
  job_subscriptions_.Notify(changes);
  JobChanges first;
  {
    absl::MutexLock lock(&mutex_);
    MergeChanges(std::move(changes), gathered_);
    if (sending_ || gathered_.empty()) return;
    sending_ = true;
    first = std::exchange(gathered_, {});
  }
  Start(SendAll(std::move(first)));
}

JobChanges Publisher::TakeOrEnd() {
  absl::MutexLock lock(&mutex_);
  sending_ = !gathered_.empty();
  return std::exchange(gathered_, {});
}

Task<void> Publisher::SendAll(JobChanges changes) {
  while (!changes.empty()) {
    std::vector<std::string> payloads = EncodeNotifyPayloads(changes, origin_);
    const absl::Status sent = co_await send_(std::move(payloads), absl::Now() + kLongestSend);
    if (!sent.ok()) {
      Log(LogLevel::kWarning, "notify_failed",
          {{"code", absl::StatusCodeToString(sent.code())}, {"jobs", changes.changed.size()}});
    }
    // With sending ended Close() may be done, so nothing below touches a member.
    changes = TakeOrEnd();
  }
}

void Publisher::Close() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(
      +[](bool* sending) { return !*sending; }, &sending_));
}

}  // namespace vibestack::job_service

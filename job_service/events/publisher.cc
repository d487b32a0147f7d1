#include "job_service/events/publisher.h"

#include <utility>

#include "absl/time/clock.h"
#include "common/telemetry/log.h"
#include "job_service/events/news_payload.h"

namespace vibestack::job_service {
namespace {

constexpr absl::Duration kLongestSend = absl::Seconds(5);

}  // namespace

Publisher::Publisher(Hub& hub, std::string origin, Send send)
    : hub_(hub), origin_(std::move(origin)), send_(std::move(send)) {}

void Publisher::Publish(JobNews news) {
  hub_.Tell(news);
  JobNews first;
  {
    absl::MutexLock lock(&mutex_);
    MergeNews(std::move(news), gathered_);
    if (sending_ || gathered_.empty()) return;
    sending_ = true;
    first = std::exchange(gathered_, {});
  }
  Start(SendAll(std::move(first)));
}

JobNews Publisher::TakeOrEnd() {
  absl::MutexLock lock(&mutex_);
  sending_ = !gathered_.empty();
  return std::exchange(gathered_, {});
}

Task<void> Publisher::SendAll(JobNews news) {
  while (!news.empty()) {
    std::vector<std::string> payloads = EncodeNews(news, origin_);
    const absl::Status sent = co_await send_(std::move(payloads), absl::Now() + kLongestSend);
    if (!sent.ok()) {
      Log(LogLevel::kWarning, "news_not_sent",
          {{"code", absl::StatusCodeToString(sent.code())}, {"jobs", news.changed.size()}});
    }
    // With sending ended Close() may be done, so nothing below touches a member.
    news = TakeOrEnd();
  }
}

void Publisher::Close() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(
      +[](bool* sending) { return !*sending; }, &sending_));
}

}  // namespace vibestack::job_service

#include "job_service/owners/key_source.h"

#include <utility>

#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/base/random.h"
#include "common/telemetry/log.h"

namespace vibestack::job_service {
namespace {

constexpr absl::Duration kRefreshInterval = absl::Seconds(30);
constexpr absl::Duration kShortestInterval = absl::Seconds(1);
constexpr absl::Duration kLongestFetch = absl::Seconds(2);
constexpr absl::Duration kBackoffBase = absl::Milliseconds(50);
constexpr absl::Duration kBackoffLimit = absl::Seconds(2);

}  // namespace

KeySource::KeySource(Fetch fetch) : fetch_(std::move(fetch)), thread_([this] { Run(); }) {}

void KeySource::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<const auth::KeySet> KeySource::Snapshot() const {
  absl::MutexLock lock(&mutex_);
  return keys_;
}

void KeySource::RequestRefresh() {
  absl::MutexLock lock(&mutex_);
  requested_ = true;
}

void KeySource::Run() {
  int failures = 0;
  while (true) {
    const absl::Time began = absl::Now();
    const absl::Duration pause = FetchOnce(failures);
    const auto wanted = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return stopping_ || requested_;
    };
    absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithTimeout(absl::Condition(&wanted), pause);
    // A flood of tokens with unknown keys is no flood of fetches.
    if (failures == 0) {
      mutex_.AwaitWithDeadline(absl::Condition(&stopping_), began + kShortestInterval);
    }
    requested_ = false;
    if (stopping_) return;
  }
}

absl::Duration KeySource::FetchOnce(int& failures) {
  const absl::StatusOr<std::vector<auth::Jwk>> jwks = fetch_(absl::Now() + kLongestFetch);
  absl::StatusOr<std::shared_ptr<const auth::KeySet>> keys =
      jwks.ok() ? auth::KeySet::FromJwks(*jwks) : jwks.status();
  if (!keys.ok()) {
    if (failures == 0) {
      Log(LogLevel::kWarning, "token_keys_not_fetched", {{"reason", ErrorReason(keys.status())}});
    }
    return BackoffWithJitter(failures++, kBackoffBase, kBackoffLimit);
  }
  failures = 0;
  Keep(*std::move(keys));
  return kRefreshInterval;
}

void KeySource::Keep(std::shared_ptr<const auth::KeySet> keys) {
  absl::MutexLock lock(&mutex_);
  if (keys_ != nullptr && keys_->id() == keys->id()) return;
  keys_ = std::move(keys);
  Log(LogLevel::kInfo, "token_keys_fetched", {{"keys", keys_->Jwks().size()}});
}

}  // namespace vibestack::job_service

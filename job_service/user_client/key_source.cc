#include "job_service/user_client/key_source.h"

#include <utility>

#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/base/exception.h"
#include "common/base/random.h"
#include "common/telemetry/log.h"

namespace vibestack::job_service {
namespace {

constexpr absl::Duration kRefreshInterval = absl::Seconds(30);
constexpr absl::Duration kShortestInterval = absl::Milliseconds(200);
constexpr absl::Duration kLongestFetch = absl::Seconds(2);
constexpr absl::Duration kBackoffBase = absl::Milliseconds(50);
constexpr absl::Duration kBackoffLimit = absl::Seconds(2);

absl::Status StoppingError() {
  return UnavailableError("SHUTTING_DOWN", "the service is shutting down");
}

}  // namespace

KeySource::KeySource(Fetch fetch) : fetch_(std::move(fetch)), thread_([this] { Run(); }) {}

void KeySource::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
  for (Completion<absl::Status>* waiter : TakeWaiters()) waiter->Set(StoppingError());
}

std::shared_ptr<const auth::KeySet> KeySource::Snapshot() const {
  absl::MutexLock lock(&mutex_);
  return keys_;
}

Task<absl::Status> KeySource::Refresh() {
  Completion<absl::Status> done;
  bool stopping = false;
  {
    absl::MutexLock lock(&mutex_);
    stopping = stopping_;
    if (!stopping) waiters_.push_back(&done);
  }
  if (stopping) co_return StoppingError();
  co_return co_await done;
}

std::vector<Completion<absl::Status>*> KeySource::TakeWaiters() {
  absl::MutexLock lock(&mutex_);
  return std::exchange(waiters_, {});
}

void KeySource::Run() {
  int failures = 0;
  while (true) {
    const absl::Time began = absl::Now();
    const absl::Duration pause = FetchOnce(failures);
    const auto wanted = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return stopping_ || !waiters_.empty();
    };
    absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithTimeout(absl::Condition(&wanted), pause);
    // Limits the rate of fetches, because callers may send many tokens with unknown keys.
    mutex_.AwaitWithDeadline(absl::Condition(&stopping_), began + kShortestInterval);
    if (stopping_) return;
  }
}

absl::Duration KeySource::FetchOnce(int& failures) {
  // Answers only the Refresh() calls from before the fetch: a later one may need a key that this
  // fetch misses.
  const std::vector<Completion<absl::Status>*> waiters = TakeWaiters();
  absl::Status status;
  try {
    status = FetchAndKeep();
  } catch (...) {
    status = InternalErrorFromException();
  }
  for (Completion<absl::Status>* waiter : waiters) waiter->Set(status);
  if (status.ok()) {
    failures = 0;
    return kRefreshInterval;
  }
  if (failures == 0) {
    Log(LogLevel::kWarning, "token_keys_not_fetched", {{"reason", ErrorReason(status)}});
  }
  return BackoffWithJitter(failures++, kBackoffBase, kBackoffLimit);
}

absl::Status KeySource::FetchAndKeep() {
  const absl::StatusOr<std::vector<auth::Jwk>> jwks = fetch_(absl::Now() + kLongestFetch);
  if (!jwks.ok()) return jwks.status();
  absl::StatusOr<std::shared_ptr<const auth::KeySet>> keys = auth::KeySet::FromJwks(*jwks);
  if (!keys.ok())
    return UnavailableError("TOKEN_KEYS_UNUSABLE", "user_service returned unusable token keys");
  Keep(*std::move(keys));
  return absl::OkStatus();
}

void KeySource::Keep(std::shared_ptr<const auth::KeySet> keys) {
  absl::MutexLock lock(&mutex_);
  if (keys_ != nullptr && keys_->id() == keys->id()) return;
  keys_ = std::move(keys);
  Log(LogLevel::kInfo, "token_keys_fetched", {{"keys", keys_->Jwks().size()}});
}

}  // namespace vibestack::job_service

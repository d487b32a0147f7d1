#include "user_service/domain/hash_upgrades.h"

#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/telemetry/log.h"

namespace vibestack::user_service {
namespace {

constexpr int kMostUnderWay = 2;
constexpr absl::Duration kTimeout = absl::Seconds(10);

}  // namespace

HashUpgrades::~HashUpgrades() {
  const auto idle = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return under_way_ == 0; };
  absl::MutexLock lock(&mutex_, absl::Condition(&idle));
}

void HashUpgrades::StartIfOutdated(const Secret& password, const UserPtr& user) {
  if (passwords_.IsOutdated(*user) && Begin()) Start(Upgrade(password, user));
}

bool HashUpgrades::Begin() {
  absl::MutexLock lock(&mutex_);
  if (under_way_ >= kMostUnderWay) return false;
  ++under_way_;
  return true;
}

Task<absl::Status> HashUpgrades::Replace(Secret password, UserPtr user) {
  const absl::Time deadline = absl::Now() + kTimeout;
  absl::StatusOr<Secret> hash = co_await passwords_.Rehash(std::move(password), user, deadline);
  if (!hash.ok()) co_return hash.status();
  const absl::StatusOr<UserPtr> replaced =
      co_await users_.ReplacePassword(user, *std::move(hash), deadline);
  co_return replaced.status();
}

Task<void> HashUpgrades::Upgrade(Secret password, UserPtr user) {
  const absl::Status status = co_await Replace(std::move(password), user);
  if (!status.ok()) {
    Log(LogLevel::kDebug, "hash_not_upgraded",
        {{"user_id", user->id}, {"reason", ErrorReason(status)}});
  }
  absl::MutexLock lock(&mutex_);
  --under_way_;
}

}  // namespace vibestack::user_service

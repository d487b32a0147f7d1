#ifndef VIBESTACK_USER_SERVICE_DOMAIN_HASH_UPGRADES_H_
#define VIBESTACK_USER_SERVICE_DOMAIN_HASH_UPGRADES_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/async/task.h"
#include "common/base/secret.h"
#include "user_service/domain/passwords.h"
#include "user_service/store/user_store.h"

namespace vibestack::user_service {

// After the operator raised the bcrypt cost, rehashes the password of each user who logs in. The
// salt stays, so the user's tokens stay valid. The log-in does not wait for this. At most two
// upgrades run at once, so that they do not delay log-ins; beyond that, a hash is upgraded at the
// user's next log-in. The cost of a hash never decreases. Thread-safe.
class HashUpgrades {
 public:
  // Both must outlive this.
  HashUpgrades(UserStore& users, Passwords& passwords) : users_(users), passwords_(passwords) {}
  HashUpgrades(const HashUpgrades&) = delete;
  HashUpgrades& operator=(const HashUpgrades&) = delete;
  // Waits for the upgrades under way.
  ~HashUpgrades();

  // Starts an upgrade if the user's hash costs less than new ones. `password` must be the user's
  // password. Does not block; failures are logged.
  void StartIfOutdated(const Secret& password, const UserPtr& user);

 private:
  bool Begin() ABSL_LOCKS_EXCLUDED(mutex_);
  Task<void> Upgrade(Secret password, UserPtr user);
  Task<absl::Status> Replace(Secret password, UserPtr user);

  UserStore& users_;
  Passwords& passwords_;
  absl::Mutex mutex_;
  int under_way_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_HASH_UPGRADES_H_

#ifndef VIBESTACK_USER_SERVICE_DOMAIN_HASH_UPGRADES_H_
#define VIBESTACK_USER_SERVICE_DOMAIN_HASH_UPGRADES_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/async/task.h"
#include "common/base/secret.h"
#include "user_service/domain/passwords.h"
#include "user_service/store/user_store.h"

namespace vibestack::user_service {

// Makes the hashes of those who log in anew when the cost was raised, with the same salt, so that
// no token ends. Happens behind the answer of the log-in, which neither waits for it nor tells of
// it, and only for a few accounts at a time: the others' turn comes at a later log-in, so that
// upgrades do not crowd out log-ins. A hash is never made cheaper. Thread-safe.
class HashUpgrades {
 public:
  // Both must outlive this.
  HashUpgrades(UserStore& users, Passwords& passwords) : users_(users), passwords_(passwords) {}
  HashUpgrades(const HashUpgrades&) = delete;
  HashUpgrades& operator=(const HashUpgrades&) = delete;
  // Waits for those under way.
  ~HashUpgrades();

  // `password` has just been matched with the account's.
  void Consider(const Secret& password, const UserPtr& user);

 private:
  bool Begin() ABSL_LOCKS_EXCLUDED(mutex_);
  Task<void> Upgrade(Secret password, UserPtr user);

  UserStore& users_;
  Passwords& passwords_;
  absl::Mutex mutex_;
  int under_way_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_HASH_UPGRADES_H_

#ifndef VIBESTACK_USER_SERVICE_DOMAIN_PASSWORD_CHANGES_H_
#define VIBESTACK_USER_SERVICE_DOMAIN_PASSWORD_CHANGES_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/base/secret.h"
#include "user_service/domain/passwords.h"
#include "user_service/store/user_store.h"

namespace vibestack::user_service {

// Decides whether an account, as it is stored now (null: it is gone), may get the new password.
// Returns OK or the error for the caller.
using MayReplace = std::function<absl::Status(const UserPtr& user)>;

// Stores a new password hash for `user` and returns the changed user. If the row has changed since
// it was read, reads it again, asks `may_replace` again and retries; so a concurrent rehash at
// another cost does not prevent the change. Errors: those of `may_replace` and UserStore; ABORTED
// (CONCURRENT_CHANGES) if other calls keep changing the account. `users` must outlive the task.
Task<absl::StatusOr<UserPtr>> ReplacePassword(UserStore& users, UserPtr user, Secret new_hash,
                                              MayReplace may_replace, absl::Time deadline);

// Changes passwords for users who know their current password. Thread-safe.
class PasswordChanges {
 public:
  // Both must outlive this.
  PasswordChanges(UserStore& users, Passwords& passwords) : users_(users), passwords_(passwords) {}

  // Sets a new password, which the caller has checked by input_rules.h, and returns the account.
  // Errors: PERMISSION_DENIED (INVALID_CREDENTIALS) if `current_password` is wrong or the account
  // is gone or inactive; those of UserStore, PasswordPool and ReplacePassword.
  Task<absl::StatusOr<UserPtr>> Change(std::string user_id, Secret current_password,
                                       Secret new_password, absl::Time deadline);

 private:
  UserStore& users_;
  Passwords& passwords_;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_PASSWORD_CHANGES_H_

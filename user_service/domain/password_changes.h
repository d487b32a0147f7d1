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

// Whether a new password may still be given to the account as it is now (null: there is none).
using MayReplace = std::function<absl::Status(const UserPtr& user)>;

// Gives the account `user` a new hash if `may_replace` says so about what is stored at that very
// moment; the changed row. A hash that was only made anew at another cost meanwhile is no obstacle.
// Errors are those of `may_replace` and UserStore; ABORTED (CONCURRENT_CHANGES) for an account that
// changes all the time. `users` must outlive the task.
Task<absl::StatusOr<UserPtr>> ReplacePassword(UserStore& users, UserPtr user, Secret new_hash,
                                              MayReplace may_replace, absl::Time deadline);

// Changes of a password by who knows it. Thread-safe.
class PasswordChanges {
 public:
  // Both must outlive this.
  PasswordChanges(UserStore& users, Passwords& passwords) : users_(users), passwords_(passwords) {}

  // The account with its new password, which keeps to input_rules.h. PERMISSION_DENIED
  // (INVALID_CREDENTIALS) also where the account is gone or inactive. Else as UserStore,
  // PasswordPool and ReplacePassword.
  Task<absl::StatusOr<UserPtr>> Change(std::string user_id, Secret current_password,
                                       Secret new_password, absl::Time deadline);

 private:
  UserStore& users_;
  Passwords& passwords_;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_PASSWORD_CHANGES_H_

#ifndef VIBESTACK_USER_SERVICE_DOMAIN_ACCOUNT_WRITES_H_
#define VIBESTACK_USER_SERVICE_DOMAIN_ACCOUNT_WRITES_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/base/secret.h"
#include "user_service/domain/passwords.h"
#include "user_service/store/user_store.h"

namespace vibestack::user_service {

// Changes, deactivates and purges accounts. Does not check permissions. If the account does not
// exist, the result is null, or Purge::found is false. Every method may also return the errors of
// UserStore and PasswordPool. Thread-safe.
class AccountWrites {
 public:
  // Both must outlive this.
  AccountWrites(UserStore& users, Passwords& passwords) : users_(users), passwords_(passwords) {}

  // Changes fields. `current_password`, if set, must be the account's password at the moment of the
  // change. Errors: PERMISSION_DENIED (INVALID_CREDENTIALS) if it is not; ABORTED (CONFLICT) if
  // other calls keep changing the password; those of UserStore::Update.
  Task<absl::StatusOr<UserPtr>> Update(std::string id, UserChanges changes,
                                       std::optional<Secret> current_password, absl::Time deadline);

  // As UserStore::Deactivate, Activate and Erase.
  Task<absl::StatusOr<UserPtr>> Delete(std::string id, absl::Time deadline);
  Task<absl::StatusOr<UserPtr>> Undelete(std::string id, absl::Time deadline);
  Task<absl::StatusOr<UserStore::Purge>> Purge(std::string id, absl::Time deadline);

 private:
  // One attempt to change an account whose password must be `current_password`.
  Task<absl::StatusOr<UserPtr>> UpdateWithPassword(std::string id, UserChanges changes,
                                                   Secret current_password, absl::Time deadline);

  UserStore& users_;
  Passwords& passwords_;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_ACCOUNT_WRITES_H_

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

// What becomes of an account after it was made. Who may do it was checked before. Null, or `found`
// being false, is for an account that does not exist. Errors besides those named: UserStore's and
// PasswordPool's. Thread-safe.
class AccountWrites {
 public:
  // Both must outlive this.
  AccountWrites(UserStore& users, Passwords& passwords) : users_(users), passwords_(passwords) {}

  // Changes fields. Where a password is given, it must be the account's at that very moment:
  // PERMISSION_DENIED (INVALID_CREDENTIALS), which is no verdict on the caller's token. ABORTED
  // (CONFLICT) when the password does not stop changing; else as UserStore::Update.
  Task<absl::StatusOr<UserPtr>> Update(std::string id, UserChanges changes,
                                       std::optional<Secret> current_password, absl::Time deadline);

  // As UserStore's Deactivate, Activate and Erase.
  Task<absl::StatusOr<UserPtr>> Delete(std::string id, absl::Time deadline);
  Task<absl::StatusOr<UserPtr>> Undelete(std::string id, absl::Time deadline);
  Task<absl::StatusOr<UserStore::Purge>> Purge(std::string id, absl::Time deadline);

 private:
  // One try to change an account whose present password this must be.
  Task<absl::StatusOr<UserPtr>> UpdateWithPassword(std::string id, UserChanges changes,
                                                   Secret current_password, absl::Time deadline);

  UserStore& users_;
  Passwords& passwords_;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_ACCOUNT_WRITES_H_

#ifndef VIBESTACK_USER_SERVICE_DOMAIN_ACCOUNTS_H_
#define VIBESTACK_USER_SERVICE_DOMAIN_ACCOUNTS_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/base/secret.h"
#include "user_service/domain/passwords.h"
#include "user_service/store/user_store.h"

namespace vibestack::user_service {

// What an account is made of. The fields keep to input_rules.h.
struct NewAccount {
  std::string id;     // chosen by the caller, in lower case; empty to have one made
  std::string email;  // in any case
  Secret password;
  std::optional<std::string> full_name;
  std::optional<std::string> bio;
  bool is_active = true;
  bool is_superuser = false;
};

// Makes accounts. Errors besides those named: UserStore's and PasswordPool's. Thread-safe.
class Accounts {
 public:
  // Both must outlive this.
  Accounts(UserStore& users, Passwords& passwords) : users_(users), passwords_(passwords) {}

  // A new account. ALREADY_EXISTS (EMAIL_TAKEN); with a chosen id, the same account again is
  // answered with what exists, and ALREADY_EXISTS (ID_TAKEN) is for one with other content.
  Task<absl::StatusOr<UserPtr>> Create(NewAccount account, absl::Time deadline);

  // An active superuser with that email: a new account, or the present one promoted and reactivated
  // (with its old password when `password` is empty). FAILED_PRECONDITION (PASSWORD_REQUIRED) for a
  // new account without one.
  Task<absl::StatusOr<UserPtr>> MakeSuperuser(std::string email, Secret password,
                                              absl::Time deadline);

 private:
  // Hashes and inserts.
  Task<absl::StatusOr<UserPtr>> Insert(NewAccount account, absl::Time deadline);
  // The account that has the id, if it is the one that was to be made.
  Task<absl::StatusOr<UserPtr>> Repeated(NewAccount account, UserPtr present, absl::Time deadline);
  Task<absl::StatusOr<UserPtr>> Promote(UserPtr user, Secret password, absl::Time deadline);

  UserStore& users_;
  Passwords& passwords_;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_ACCOUNTS_H_

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

// A new account. The caller has checked the fields by input_rules.h.
struct NewAccount {
  std::string id;     // UUID in lower case; empty: Create() makes one
  std::string email;  // in any case
  Secret password;
  std::optional<std::string> full_name;
  std::optional<std::string> bio;
  bool is_active = true;
  bool is_superuser = false;
};

// Creates accounts. Every method may also return the errors of UserStore and PasswordPool.
// Thread-safe.
class Accounts {
 public:
  // Both must outlive this.
  Accounts(UserStore& users, Passwords& passwords) : users_(users), passwords_(passwords) {}

  // Creates an account. If `account.id` is set, the call is idempotent: repeated with the same
  // content, password included, it returns the existing account. Errors: ALREADY_EXISTS
  // (EMAIL_TAKEN, or ID_TAKEN if the account with this id has other content).
  Task<absl::StatusOr<UserPtr>> Create(NewAccount account, absl::Time deadline);

  // Makes the account of this email an active superuser; creates it if there is none. An empty
  // `password` keeps the account's password. Errors: FAILED_PRECONDITION (PASSWORD_REQUIRED) if a
  // new account has an empty password.
  Task<absl::StatusOr<UserPtr>> MakeSuperuser(std::string email, Secret password,
                                              absl::Time deadline);

 private:
  // Hashes and inserts.
  Task<absl::StatusOr<UserPtr>> Insert(NewAccount account, absl::Time deadline);
  // Returns `present` if it has the content and the password of `account`, else ID_TAKEN.
  Task<absl::StatusOr<UserPtr>> Repeated(NewAccount account, UserPtr present, absl::Time deadline);
  Task<absl::StatusOr<UserPtr>> Promote(UserPtr user, Secret password, absl::Time deadline);

  UserStore& users_;
  Passwords& passwords_;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_ACCOUNTS_H_

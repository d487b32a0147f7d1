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

// The content of a new account. The fields follow input_rules.h.
struct NewAccount {
  std::string id;     // chosen by the caller, in lower case; empty: a new id
  std::string email;  // in any case
  Secret password;
  std::optional<std::string> full_name;
  std::optional<std::string> bio;
  bool is_active = true;
  bool is_superuser = false;
};

// Creates accounts. Errors besides those named: as UserStore and PasswordPool. Thread-safe.
class Accounts {
 public:
  // Both must outlive this.
  Accounts(UserStore& users, Passwords& passwords) : users_(users), passwords_(passwords) {}

  // Creates an account. With a chosen id, repeating the call with the same content returns the
  // existing account. ALREADY_EXISTS: EMAIL_TAKEN, or ID_TAKEN if the id has other content.
  Task<absl::StatusOr<UserPtr>> Create(NewAccount account, absl::Time deadline);

  // Creates an active superuser, or promotes and reactivates the account of this email. An empty
  // `password` keeps the old one; for a new account it is FAILED_PRECONDITION (PASSWORD_REQUIRED).
  Task<absl::StatusOr<UserPtr>> MakeSuperuser(std::string email, Secret password,
                                              absl::Time deadline);

 private:
  // Hashes and inserts.
  Task<absl::StatusOr<UserPtr>> Insert(NewAccount account, absl::Time deadline);
  // `present` if it has the content of `account`, else ID_TAKEN.
  Task<absl::StatusOr<UserPtr>> Repeated(NewAccount account, UserPtr present, absl::Time deadline);
  Task<absl::StatusOr<UserPtr>> Promote(UserPtr user, Secret password, absl::Time deadline);

  UserStore& users_;
  Passwords& passwords_;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_ACCOUNTS_H_

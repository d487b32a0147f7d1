#ifndef VIBESTACK_USER_SERVICE_DOMAIN_PASSWORDS_H_
#define VIBESTACK_USER_SERVICE_DOMAIN_PASSWORDS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/auth/password_pool.h"
#include "common/base/secret.h"
#include "user_service/store/user.h"

namespace vibestack::user_service {

// PERMISSION_DENIED (INVALID_CREDENTIALS): the password that a caller proves to know is not the
// account's. No verdict on the caller's token, so that clients keep their session.
absl::Status WrongPasswordError();

// Hashes and compares passwords for tasks. Errors are PasswordPool's. Thread-safe.
class Passwords {
 public:
  // `pool` must outlive this; `cost` is that of new hashes (bcrypt.h says its limits).
  Passwords(auth::PasswordPool& pool, int cost);

  Task<absl::StatusOr<Secret>> Hash(Secret password, absl::Time deadline);

  // Whether it is the account's password. Without an account (null), and where its hash cannot be
  // used, never. A wrong password takes as long as a compare at the cost of new hashes whatever the
  // account's hash is, unless its cost is higher: lowering the cost tells such accounts apart.
  Task<absl::StatusOr<bool>> Match(Secret password, UserPtr user, absl::Time deadline);

  // Whether the account's hash costs less than new ones.
  bool IsOutdated(const User& user) const;

  // The hash of the account's password, which was just matched, at the cost of new hashes and with
  // the same salt.
  Task<absl::StatusOr<Secret>> Rehash(Secret password, UserPtr user, absl::Time deadline);

 private:
  auth::PasswordPool& pool_;
  const int cost_;
  const std::string dummy_hash_;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_PASSWORDS_H_

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

// PERMISSION_DENIED (INVALID_CREDENTIALS): the caller's current password is wrong. Not
// UNAUTHENTICATED, since the caller's token is valid and clients must keep their session.
absl::Status WrongPasswordError();

// Hashes and compares passwords for tasks. Errors are PasswordPool's. Thread-safe.
class Passwords {
 public:
  // `pool` must outlive this. `cost` is the cost of new hashes; bcrypt.h says its limits.
  Passwords(auth::PasswordPool& pool, int cost);

  Task<absl::StatusOr<Secret>> Hash(Secret password, absl::Time deadline);

  // Whether `password` is the account's. False if there is no account (null) or if its hash is
  // unusable. A wrong password always takes as long as a comparison at the cost of new hashes, so
  // the time does not reveal whether an account exists. The exception is a hash of a higher cost:
  // after the cost was lowered, the time reveals such accounts.
  Task<absl::StatusOr<bool>> Match(Secret password, UserPtr user, absl::Time deadline);

  // Whether the account's hash costs less than new ones.
  bool IsOutdated(const User& user) const;

  // The hash of the account's password, at the cost of new hashes and with the same salt.
  // `password` must be the account's.
  Task<absl::StatusOr<Secret>> Rehash(Secret password, UserPtr user, absl::Time deadline);

 private:
  auth::PasswordPool& pool_;
  const int cost_;
  const std::string dummy_hash_;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_PASSWORDS_H_

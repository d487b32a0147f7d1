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

// PERMISSION_DENIED (INVALID_CREDENTIALS): the caller's current password is wrong. It is not
// UNAUTHENTICATED, because the token is valid and the client must keep its session.
absl::Status WrongPasswordError();

// Hashes and compares passwords on the threads of a PasswordPool. Errors are those of PasswordPool.
// Thread-safe.
class Passwords {
 public:
  // `pool` must outlive this. `cost` is the bcrypt cost of new hashes, between kMinBcryptCost and
  // kMaxBcryptCost (bcrypt.h).
  Passwords(auth::PasswordPool& pool, int cost);

  Task<absl::StatusOr<Secret>> Hash(Secret password, absl::Time deadline);

  // Whether `password` is the password of `user`. False if `user` is null or its hash is unusable.
  // Every `false` takes as long as a comparison at the cost of new hashes, so the time does not
  // reveal whether an account exists. One exception: a hash of a higher cost takes longer. So if
  // the operator lowers the cost, the time reveals the accounts with older hashes.
  Task<absl::StatusOr<bool>> Match(Secret password, UserPtr user, absl::Time deadline);

  // Whether the user's hash has a lower cost than new hashes.
  bool IsOutdated(const User& user) const;

  // Hashes the user's password again, at the cost of new hashes and with the same salt. `password`
  // must be the user's password.
  Task<absl::StatusOr<Secret>> Rehash(Secret password, UserPtr user, absl::Time deadline);

 private:
  auth::PasswordPool& pool_;
  const int cost_;
  const std::string dummy_hash_;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_PASSWORDS_H_

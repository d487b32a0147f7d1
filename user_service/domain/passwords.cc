#include "user_service/domain/passwords.h"

#include <optional>
#include <utility>

#include "common/auth/bcrypt.h"
#include "common/base/error.h"

namespace vibestack::user_service {

absl::Status WrongPasswordError() {
  return PermissionDeniedError("INVALID_CREDENTIALS", "the current password is wrong");
}

Passwords::Passwords(auth::PasswordPool& pool, int cost)
    : pool_(pool), cost_(cost), dummy_hash_(auth::DummyHash(cost)) {}

Task<absl::StatusOr<Secret>> Passwords::Hash(Secret password, absl::Time deadline) {
  return pool_.Hash(std::move(password), cost_, deadline);
}

bool Passwords::IsOutdated(const User& user) const {
  const std::optional<auth::BcryptHash> parsed =
      auth::ParseBcryptHash(user.hashed_password.Reveal());
  return parsed.has_value() && parsed->cost < cost_;
}

Task<absl::StatusOr<Secret>> Passwords::Rehash(Secret password, UserPtr user, absl::Time deadline) {
  return pool_.Rehash(std::move(password), user->hashed_password.Reveal(), cost_, deadline);
}

Task<absl::StatusOr<bool>> Passwords::Match(Secret password, UserPtr user, absl::Time deadline) {
  const bool usable = user != nullptr && auth::IsUsableHash(user->hashed_password.Reveal());
  std::string hash = usable ? user->hashed_password.Reveal() : dummy_hash_;
  absl::StatusOr<bool> matches =
      co_await pool_.Verify(std::move(password), std::move(hash), deadline, cost_);
  if (matches.ok()) *matches = *matches && usable;
  co_return matches;
}

}  // namespace vibestack::user_service

#include "user_service/domain/password_changes.h"

#include <optional>
#include <utility>

#include "common/auth/bcrypt.h"
#include "common/base/error.h"

namespace vibestack::user_service {
namespace {

constexpr int kTries = 5;

// Whether both users have the same password: a rehash keeps the salt, a new password gets a new
// one.
bool HaveSameSalt(const User& a, const User& b) {
  const auto first = auth::ParseBcryptHash(a.hashed_password.Reveal());
  const auto second = auth::ParseBcryptHash(b.hashed_password.Reveal());
  return first.has_value() && second.has_value() && first->salt == second->salt;
}

}  // namespace

Task<absl::StatusOr<UserPtr>> ReplacePassword(UserStore& users, UserPtr user, Secret new_hash,
                                              MayReplace may_replace, absl::Time deadline) {
  for (int i = 0; i < kTries; ++i) {
    const absl::Status allowed = may_replace(user);
    if (!allowed.ok()) co_return allowed;
    const absl::StatusOr<UserPtr> changed =
        co_await users.ReplacePassword(user, new_hash, deadline);
    if (!changed.ok() || *changed != nullptr) co_return changed;
    const absl::StatusOr<UserPtr> present = co_await users.Get(user->id, deadline);
    if (!present.ok()) co_return present;
    user = *present;
  }
  co_return AbortedError("CONCURRENT_CHANGES", "other calls keep changing the account; try again");
}

Task<absl::StatusOr<UserPtr>> PasswordChanges::Change(std::string user_id, Secret current_password,
                                                      Secret new_password, absl::Time deadline) {
  const absl::StatusOr<UserPtr> user = co_await users_.Get(std::move(user_id), deadline);
  if (!user.ok()) co_return user;
  const absl::StatusOr<bool> matches =
      co_await passwords_.Match(std::move(current_password), *user, deadline);
  if (!matches.ok()) co_return matches.status();
  if (!*matches) co_return WrongPasswordError();
  absl::StatusOr<Secret> hash = co_await passwords_.Hash(std::move(new_password), deadline);
  if (!hash.ok()) co_return hash.status();
  const UserPtr& matched = *user;
  MayReplace may_replace = [matched](const UserPtr& present) {
    const bool unchanged =
        present != nullptr && present->is_active && HaveSameSalt(*present, *matched);
    return unchanged ? absl::OkStatus() : WrongPasswordError();
  };
  absl::StatusOr<UserPtr> changed =
      co_await ReplacePassword(users_, matched, *std::move(hash), std::move(may_replace), deadline);
  co_return changed;
}

}  // namespace vibestack::user_service

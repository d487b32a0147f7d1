#include "user_service/domain/passwords.h"

#include <optional>
#include <utility>

#include "common/async/completion.h"
#include "common/auth/bcrypt.h"
#include "common/base/error.h"

namespace vibestack::user_service {
namespace {

bool IsUsable(const std::string& hash) {
  const std::optional<auth::BcryptHash> parsed = auth::ParseBcryptHash(hash);
  return parsed.has_value() && parsed->cost >= auth::kMinBcryptCost &&
         parsed->cost <= auth::kMaxBcryptCost;
}

}  // namespace

absl::Status WrongPasswordError() {
  return PermissionDeniedError("INVALID_CREDENTIALS", "the current password is wrong");
}

Passwords::Passwords(auth::PasswordPool& pool, int cost)
    : pool_(pool), cost_(cost), dummy_hash_(auth::DummyHash(cost)) {}

Task<absl::StatusOr<Secret>> Passwords::Hash(Secret password, absl::Time deadline) {
  Completion<absl::StatusOr<std::string>> done;
  pool_.Hash(std::move(password), cost_, deadline,
             [&done](absl::StatusOr<std::string> hash) { done.Set(std::move(hash)); });
  absl::StatusOr<std::string> hash = co_await done;
  if (!hash.ok()) co_return hash.status();
  co_return Secret(*std::move(hash));
}

bool Passwords::IsOutdated(const User& user) const {
  const std::optional<auth::BcryptHash> parsed =
      auth::ParseBcryptHash(user.hashed_password.Reveal());
  return parsed.has_value() && parsed->cost < cost_;
}

Task<absl::StatusOr<Secret>> Passwords::Rehash(Secret password, UserPtr user, absl::Time deadline) {
  Completion<absl::StatusOr<std::string>> done;
  pool_.Rehash(std::move(password), user->hashed_password.Reveal(), cost_, deadline,
               [&done](absl::StatusOr<std::string> hash) { done.Set(std::move(hash)); });
  absl::StatusOr<std::string> hash = co_await done;
  if (!hash.ok()) co_return hash.status();
  co_return Secret(*std::move(hash));
}

Task<absl::StatusOr<bool>> Passwords::Match(Secret password, UserPtr user, absl::Time deadline) {
  const bool usable = user != nullptr && IsUsable(user->hashed_password.Reveal());
  Completion<absl::StatusOr<bool>> done;
  pool_.Verify(
      std::move(password), usable ? user->hashed_password.Reveal() : dummy_hash_, deadline,
      [&done](absl::StatusOr<bool> matches) { done.Set(std::move(matches)); }, cost_);
  const absl::StatusOr<bool> matches = co_await done;
  if (!matches.ok()) co_return matches.status();
  co_return *matches&& usable;
}

}  // namespace vibestack::user_service

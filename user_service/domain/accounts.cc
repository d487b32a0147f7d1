#include "user_service/domain/accounts.h"

#include <utility>

#include "common/base/error.h"
#include "common/base/uuid.h"
#include "user_service/domain/input_rules.h"

namespace vibestack::user_service {
namespace {

absl::Status EmailTakenError() {
  return AlreadyExistsError("EMAIL_TAKEN", "another account already has this email");
}

absl::Status IdTakenError() {
  return AlreadyExistsError("ID_TAKEN", "an account with this id but different content exists");
}

bool HasContent(const User& user, const NewAccount& account) {
  return user.email == account.email && user.full_name == account.full_name &&
         user.bio == account.bio && user.is_active == account.is_active &&
         user.is_superuser == account.is_superuser;
}

}  // namespace

Task<absl::StatusOr<UserPtr>> Accounts::Create(NewAccount account, absl::Time deadline) {
  account.email = NormalizeEmail(account.email);
  if (account.id.empty()) {
    account.id = NewUuid();
  } else {
    const absl::StatusOr<UserPtr> present = co_await users_.Get(account.id, deadline);
    if (!present.ok()) co_return present.status();
    if (*present != nullptr) {
      absl::StatusOr<UserPtr> same = co_await Repeated(std::move(account), *present, deadline);
      co_return same;
    }
  }
  // This only avoids needless hashing. The INSERT decides whether the email is taken.
  const absl::StatusOr<UserPtr> other = co_await users_.FindByEmail(account.email, deadline);
  if (!other.ok()) co_return other.status();
  if (*other != nullptr && (*other)->id != account.id) co_return EmailTakenError();
  absl::StatusOr<UserPtr> made = co_await Insert(std::move(account), deadline);
  co_return made;
}

Task<absl::StatusOr<UserPtr>> Accounts::Insert(NewAccount account, absl::Time deadline) {
  absl::StatusOr<Secret> hash = co_await passwords_.Hash(account.password, deadline);
  if (!hash.ok()) co_return hash.status();
  NewUser user{.id = account.id,
               .email = account.email,
               .hashed_password = *std::move(hash),
               .full_name = account.full_name,
               .bio = account.bio,
               .is_active = account.is_active,
               .is_superuser = account.is_superuser};
  const absl::StatusOr<UserStore::Insertion> insertion =
      co_await users_.Insert(std::move(user), deadline);
  if (!insertion.ok()) co_return insertion.status();
  if (insertion->outcome == UserStore::InsertOutcome::kEmailTaken) co_return EmailTakenError();
  if (insertion->outcome == UserStore::InsertOutcome::kCreated) co_return insertion->user;
  absl::StatusOr<UserPtr> same = co_await Repeated(std::move(account), insertion->user, deadline);
  co_return same;
}

Task<absl::StatusOr<UserPtr>> Accounts::Repeated(NewAccount account, UserPtr present,
                                                 absl::Time deadline) {
  if (!HasContent(*present, account)) co_return IdTakenError();
  const absl::StatusOr<bool> matches =
      co_await passwords_.Match(std::move(account.password), present, deadline);
  if (!matches.ok()) co_return matches.status();
  if (!*matches) co_return IdTakenError();
  co_return present;
}

Task<absl::StatusOr<UserPtr>> Accounts::MakeSuperuser(std::string email, Secret password,
                                                      absl::Time deadline) {
  const absl::StatusOr<UserPtr> present = co_await users_.FindByEmail(email, deadline);
  if (!present.ok()) co_return present.status();
  if (*present != nullptr) {
    absl::StatusOr<UserPtr> promoted = co_await Promote(*present, std::move(password), deadline);
    co_return promoted;
  }
  if (password.empty()) {
    co_return FailedPreconditionError("PASSWORD_REQUIRED", "a new account needs a password");
  }
  NewAccount account;
  account.email = std::move(email);
  account.password = std::move(password);
  account.is_superuser = true;
  absl::StatusOr<UserPtr> made = co_await Create(std::move(account), deadline);
  co_return made;
}

Task<absl::StatusOr<UserPtr>> Accounts::Promote(UserPtr user, Secret password,
                                                absl::Time deadline) {
  UserChanges changes;
  changes.is_active = true;
  changes.is_superuser = true;
  if (!password.empty()) {
    absl::StatusOr<Secret> hash = co_await passwords_.Hash(std::move(password), deadline);
    if (!hash.ok()) co_return hash.status();
    changes.hashed_password = *std::move(hash);
  }
  absl::StatusOr<UserPtr> promoted = co_await users_.Update(user->id, changes, deadline);
  co_return promoted;
}

}  // namespace vibestack::user_service

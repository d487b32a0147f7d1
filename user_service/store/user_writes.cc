#include "user_service/store/user_writes.h"

#include <functional>

#include "common/base/error.h"
#include "user_service/store/last_superuser.h"
#include "user_service/store/sql.h"
#include "user_service/store/user_rows.h"

namespace vibestack::user_service {
namespace {

absl::Status EmailTakenError() {
  return AlreadyExistsError("EMAIL_TAKEN", "another account already has this email");
}

absl::StatusOr<UserPtr> ReadById(db::Session& session, const std::string& id) {
  db::Params params;
  params.Add(db::EncodeArray(std::vector<std::string>{id}));
  return ReadOneUser(session.Exec(sql::kGetUsersByIds, params));
}

db::Params IdParams(const std::string& id) {
  db::Params params;
  params.Add(id);
  return params;
}

std::optional<std::string> Reveal(const std::optional<Secret>& secret) {
  if (!secret.has_value()) return std::nullopt;
  return secret->Reveal();
}

db::Params UpdateParams(const std::string& id, const UserChanges& changes) {
  db::Params params;
  params.Add(id).Add(changes.email).Add(Reveal(changes.hashed_password));
  params.Add(changes.full_name.has_value()).Add(changes.full_name.value_or(std::nullopt));
  params.Add(changes.bio.has_value()).Add(changes.bio.value_or(std::nullopt));
  params.Add(changes.is_active).Add(changes.is_superuser);
  params.Add(Reveal(changes.expected_hash));
  return params;
}

// Runs CheckNotLastSuperuser and then `write`, in one transaction.
absl::StatusOr<UserPtr> DemoteBy(db::Session& session, const std::string& id,
                                 const std::function<absl::StatusOr<UserPtr>()>& write) {
  absl::StatusOr<UserPtr> user = UserPtr();
  const absl::Status status = session.Transact([&] {
    const absl::Status allowed = CheckNotLastSuperuser(session, id);
    if (!allowed.ok()) return allowed;
    user = write();
    return user.status();
  });
  if (!status.ok()) return status;
  return user;
}

absl::StatusOr<UserPtr> WriteChanges(db::Session& session, const std::string& id,
                                     const UserChanges& changes) {
  absl::StatusOr<UserPtr> user =
      ReadOneUser(session.Exec(sql::kUpdateUser, UpdateParams(id, changes)));
  if (absl::IsAlreadyExists(user.status())) return EmailTakenError();
  if (!user.ok() || *user != nullptr) return user;
  const absl::StatusOr<UserPtr> present = ReadById(session, id);
  if (!present.ok() || *present == nullptr) return present;
  if (changes.expected_hash.has_value() && changes.expected_hash != (*present)->hashed_password) {
    return AbortedError("CONFLICT", "the password changed in the meantime; try again");
  }
  return EmailTakenError();
}

}  // namespace

absl::StatusOr<UserStore::Insertion> InsertUser(db::Session& session, const NewUser& user) {
  using Outcome = UserStore::InsertOutcome;
  db::Params params;
  params.Add(user.id).Add(user.email).Add(user.hashed_password.Reveal());
  params.Add(user.full_name).Add(user.bio).Add(user.is_active).Add(user.is_superuser);
  const absl::StatusOr<UserPtr> made = ReadOneUser(session.Exec(sql::kInsertUser, params));
  if (!made.ok()) return made.status();
  if (*made != nullptr) return UserStore::Insertion{Outcome::kCreated, *made};
  const absl::StatusOr<UserPtr> present = ReadById(session, user.id);
  if (!present.ok()) return present.status();
  if (*present == nullptr) return UserStore::Insertion{Outcome::kEmailTaken, nullptr};
  const bool is_ours = (*present)->hashed_password == user.hashed_password;
  return UserStore::Insertion{is_ours ? Outcome::kCreated : Outcome::kIdTaken, *present};
}

absl::StatusOr<UserPtr> UpdateUser(db::Session& session, const std::string& id,
                                   const UserChanges& changes) {
  if (!changes.Demotes()) return WriteChanges(session, id, changes);
  return DemoteBy(session, id, [&] { return WriteChanges(session, id, changes); });
}

absl::StatusOr<UserPtr> ReplacePassword(db::Session& session, const User& read,
                                        const Secret& new_hash) {
  db::Params params;
  params.Add(read.id).Add(read.hashed_password.Reveal()).Add(new_hash.Reveal()).Add(read.email);
  absl::StatusOr<UserPtr> user = ReadOneUser(session.Exec(sql::kReplacePassword, params));
  if (!user.ok() || *user != nullptr) return user;
  absl::StatusOr<UserPtr> present = ReadById(session, read.id);
  const bool is_ours =
      present.ok() && *present != nullptr && (*present)->hashed_password == new_hash;
  if (!present.ok() || is_ours) return present;
  return UserPtr();
}

absl::StatusOr<UserPtr> DeactivateUser(db::Session& session, const std::string& id) {
  return DemoteBy(session, id, [&]() -> absl::StatusOr<UserPtr> {
    absl::StatusOr<UserPtr> user = ReadOneUser(session.Exec(sql::kDeactivateUser, IdParams(id)));
    if (!user.ok() || *user != nullptr) return user;
    return ReadById(session, id);
  });
}

absl::StatusOr<UserPtr> ActivateUser(db::Session& session, const std::string& id,
                                     bool may_be_active) {
  absl::StatusOr<UserPtr> user = ReadOneUser(session.Exec(sql::kActivateUser, IdParams(id)));
  if (!user.ok() || *user != nullptr) return user;
  absl::StatusOr<UserPtr> present = ReadById(session, id);
  if (!present.ok() || *present == nullptr || may_be_active) return present;
  return AlreadyExistsError("USER_ACTIVE", "the account is already active");
}

}  // namespace vibestack::user_service

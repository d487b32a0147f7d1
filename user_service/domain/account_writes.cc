#include "user_service/domain/account_writes.h"

#include <utility>

#include "common/base/error.h"

namespace vibestack::user_service {
namespace {

// The number of tries. The hash may change between the comparison and the write, because another
// call changes the password or a log-in rehashes it.
constexpr int kTries = 3;

}  // namespace

Task<absl::StatusOr<UserPtr>> AccountWrites::Update(std::string id, UserChanges changes,
                                                    std::optional<Secret> current_password,
                                                    absl::Time deadline) {
  if (!current_password.has_value()) {
    absl::StatusOr<UserPtr> changed =
        co_await users_.Update(std::move(id), std::move(changes), deadline);
    co_return changed;
  }
  absl::StatusOr<UserPtr> changed =
      co_await UpdateWithPassword(id, changes, *current_password, deadline);
  for (int tries = 1; tries < kTries && absl::IsAborted(changed.status()); ++tries) {
    changed = co_await UpdateWithPassword(id, changes, *current_password, deadline);
  }
  co_return changed;
}

Task<absl::StatusOr<UserPtr>> AccountWrites::UpdateWithPassword(std::string id, UserChanges changes,
                                                                Secret current_password,
                                                                absl::Time deadline) {
  const absl::StatusOr<UserPtr> present = co_await users_.Get(id, deadline);
  if (!present.ok() || *present == nullptr) co_return present;
  const absl::StatusOr<bool> matches =
      co_await passwords_.Match(std::move(current_password), *present, deadline);
  if (!matches.ok()) co_return matches.status();
  if (!*matches) co_return WrongPasswordError();
  changes.expected_hash = (*present)->hashed_password;
  absl::StatusOr<UserPtr> changed =
      co_await users_.Update(std::move(id), std::move(changes), deadline);
  co_return changed;
}

Task<absl::StatusOr<UserPtr>> AccountWrites::Delete(std::string id, absl::Time deadline) {
  return users_.Deactivate(std::move(id), deadline);
}

Task<absl::StatusOr<UserPtr>> AccountWrites::Undelete(std::string id, absl::Time deadline) {
  return users_.Activate(std::move(id), deadline);
}

Task<absl::StatusOr<UserStore::Purge>> AccountWrites::Purge(std::string id, absl::Time deadline) {
  return users_.Erase(std::move(id), deadline);
}

}  // namespace vibestack::user_service

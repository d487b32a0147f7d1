#ifndef VIBESTACK_USER_SERVICE_STORE_USER_WRITES_H_
#define VIBESTACK_USER_SERVICE_STORE_USER_WRITES_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/db/session.h"
#include "user_service/store/user_store.h"

// The writes of UserStore on one session. Errors are those of UserStore. Each write may run again
// after its connection broke: it recognizes the effect of the first run.
namespace vibestack::user_service {

// A user with this id and this hash comes from an earlier run, since the salt in the hash is
// random.
absl::StatusOr<UserStore::Insertion> InsertUser(db::Session& session, const NewUser& user);

absl::StatusOr<UserPtr> UpdateUser(db::Session& session, const std::string& id,
                                   const UserChanges& changes);

// An account with the new hash got it from an earlier run, since the salt in the hash is random.
absl::StatusOr<UserPtr> ReplacePassword(db::Session& session, const User& read,
                                        const Secret& new_hash);

absl::StatusOr<UserPtr> DeactivateUser(db::Session& session, const std::string& id);

// `may_be_active`: return an active account instead of the error USER_ACTIVE.
absl::StatusOr<UserPtr> ActivateUser(db::Session& session, const std::string& id,
                                     bool may_be_active);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_STORE_USER_WRITES_H_

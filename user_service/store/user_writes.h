#ifndef VIBESTACK_USER_SERVICE_STORE_USER_WRITES_H_
#define VIBESTACK_USER_SERVICE_STORE_USER_WRITES_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/db/session.h"
#include "user_service/store/user_store.h"

// The writes of UserStore on one session, each of which may be run again when its connection broke.
namespace vibestack::user_service {

// A row of that id with the very same hash, whose salt is random, is what an earlier run made.
absl::StatusOr<UserStore::Insertion> InsertUser(db::Session& session, const NewUser& user);

absl::StatusOr<UserPtr> UpdateUser(db::Session& session, const std::string& id,
                                   const UserChanges& changes);

// An account that has the very new hash, whose salt is random, got it by an earlier run.
absl::StatusOr<UserPtr> ReplacePassword(db::Session& session, const User& read,
                                        const Secret& new_hash);

absl::StatusOr<UserPtr> DeactivateUser(db::Session& session, const std::string& id);

// `may_be_active`: an active account is the goal reached and no error.
absl::StatusOr<UserPtr> ActivateUser(db::Session& session, const std::string& id,
                                     bool may_be_active);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_STORE_USER_WRITES_H_

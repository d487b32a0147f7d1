#ifndef VIBESTACK_USER_SERVICE_STORE_USER_WRITES_H_
#define VIBESTACK_USER_SERVICE_STORE_USER_WRITES_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/db/session.h"
#include "user_service/store/user_store.h"

// The writes of UserStore, on one session. Results and errors are those of the UserStore method. If
// the connection breaks, UserStore runs a write again, so each write recognizes that an earlier run
// of it has committed.
namespace vibestack::user_service {

// A row with this id and this hash comes from an earlier run, because the salt in the hash is
// random.
absl::StatusOr<UserStore::Insertion> InsertUser(db::Session& session, const NewUser& user);

absl::StatusOr<UserPtr> UpdateUser(db::Session& session, const std::string& id,
                                   const UserChanges& changes);

// If the row has the new hash, an earlier run wrote it, because the salt in the hash is random.
absl::StatusOr<UserPtr> ReplacePassword(db::Session& session, const User& read,
                                        const Secret& new_hash);

absl::StatusOr<UserPtr> DeactivateUser(db::Session& session, const std::string& id);

// If `may_be_active`, an active account is no error: an earlier run may have activated it.
absl::StatusOr<UserPtr> ActivateUser(db::Session& session, const std::string& id,
                                     bool may_be_active);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_STORE_USER_WRITES_H_

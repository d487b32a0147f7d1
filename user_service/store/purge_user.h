#ifndef VIBESTACK_USER_SERVICE_STORE_PURGE_USER_H_
#define VIBESTACK_USER_SERVICE_STORE_PURGE_USER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/db/session.h"
#include "user_service/store/user_store.h"

namespace vibestack::user_service {

// Erases the user and the user's jobs in one transaction, and tells in `purge` what it erased: also
// when the answer to its COMMIT was lost. FAILED_PRECONDITION (LAST_SUPERUSER); ABORTED (CONFLICT)
// when jobs came or were held in the very moment of the end, and trying again helps;
// DEADLINE_EXCEEDED.
//
// The jobs go first, in statements of bounded size, and only then is the user's row locked: until
// then others may still make jobs for the user, and from then on the foreign key refuses them. The
// row is held for moments, however many jobs there are.
absl::Status PurgeUser(db::Session& session, const std::string& id, absl::Time deadline,
                       UserStore::Purge& purge);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_STORE_PURGE_USER_H_

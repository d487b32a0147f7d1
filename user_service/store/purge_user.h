#ifndef VIBESTACK_USER_SERVICE_STORE_PURGE_USER_H_
#define VIBESTACK_USER_SERVICE_STORE_PURGE_USER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/db/session.h"
#include "user_service/store/user_store.h"

namespace vibestack::user_service {

// Deletes the user and the user's jobs in one transaction, and writes to `purge` what it deleted.
// `purge` is right even when the reply to the COMMIT was lost. Errors:
// - FAILED_PRECONDITION (LAST_SUPERUSER)
// - ABORTED (CONFLICT) when somebody created or locked a job just before the end; a retry helps
// - DEADLINE_EXCEEDED
// - those of Session::Exec
//
// The transaction first deletes the jobs, in statements of bounded size. It then locks the user's
// row, deletes the jobs that were created in the meantime, and deletes the row. While the row is
// locked, the foreign key makes new jobs of the user wait and then fail. So the lock is short,
// however many jobs the user has.
absl::Status PurgeUser(db::Session& session, const std::string& id, absl::Time deadline,
                       UserStore::Purge& purge);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_STORE_PURGE_USER_H_

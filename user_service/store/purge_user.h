#ifndef VIBESTACK_USER_SERVICE_STORE_PURGE_USER_H_
#define VIBESTACK_USER_SERVICE_STORE_PURGE_USER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/db/session.h"
#include "user_service/store/user_store.h"

namespace vibestack::user_service {

// Deletes the user and the user's jobs in one transaction, and writes to `purge` what it deleted.
// If the reply to the COMMIT is lost, `purge` has what the transaction deleted if it committed.
// Errors:
// - FAILED_PRECONDITION (LAST_SUPERUSER)
// - FAILED_PRECONDITION (STILL_REFERENCED) if another table refers to the user or to one of the
// jobs
// - ABORTED (CONFLICT) if the user still has a job at the end, because another call created or
//   locked it; the caller should retry
// - DEADLINE_EXCEEDED
// - those of Session::Exec
//
// The transaction locks the user's jobs in the order of their ids and deletes them, in statements
// of bounded size. Then it locks the user's row, deletes the jobs that were created in the
// meantime, and deletes the row. The foreign key makes calls that create a job for the user wait
// for the row's lock and then fail. So these calls wait briefly, however many jobs the user has.
absl::Status PurgeUser(db::Session& session, const std::string& id, absl::Time deadline,
                       UserStore::Purge& purge);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_STORE_PURGE_USER_H_

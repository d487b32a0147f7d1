#ifndef VIBESTACK_USER_SERVICE_STORE_LAST_SUPERUSER_H_
#define VIBESTACK_USER_SERVICE_STORE_LAST_SUPERUSER_H_

#include <string>

#include "absl/status/status.h"
#include "common/db/session.h"

namespace vibestack::user_service {

// Checks that the user is not the last active superuser. Call this in the transaction that demotes,
// deactivates or deletes the user. Until the transaction ends, this locks the rows of the user and
// of all active superusers, and other calls of this function wait. Errors: FAILED_PRECONDITION
// (LAST_SUPERUSER), and those of Session::Exec.
absl::Status CheckNotLastSuperuser(db::Session& session, const std::string& id);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_STORE_LAST_SUPERUSER_H_

#ifndef VIBESTACK_USER_SERVICE_STORE_LAST_SUPERUSER_H_
#define VIBESTACK_USER_SERVICE_STORE_LAST_SUPERUSER_H_

#include <string>

#include "absl/status/status.h"
#include "common/db/session.h"

namespace vibestack::user_service {

// Checks that another active superuser remains when this user stops being one. Call it within a
// transaction: until the transaction ends, it keeps all other calls from removing a superuser and
// holds a lock on the user's row. FAILED_PRECONDITION (LAST_SUPERUSER) when the user is the last
// one. Other errors are those of Session::Exec.
absl::Status CheckNotLastSuperuser(db::Session& session, const std::string& id);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_STORE_LAST_SUPERUSER_H_

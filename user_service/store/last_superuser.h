#ifndef VIBESTACK_USER_SERVICE_STORE_LAST_SUPERUSER_H_
#define VIBESTACK_USER_SERVICE_STORE_LAST_SUPERUSER_H_

#include <string>

#include "absl/status/status.h"
#include "common/db/session.h"

namespace vibestack::user_service {

// Within a transaction: whether the user may stop being an active superuser. FAILED_PRECONDITION
// (LAST_SUPERUSER) where none would be left. Until the transaction ends nobody else can take one
// away, and the user's row is locked.
absl::Status CheckNotLastSuperuser(db::Session& session, const std::string& id);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_STORE_LAST_SUPERUSER_H_

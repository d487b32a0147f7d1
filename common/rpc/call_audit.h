#ifndef VIBESTACK_COMMON_RPC_CALL_AUDIT_H_
#define VIBESTACK_COMMON_RPC_CALL_AUDIT_H_

#include <initializer_list>
#include <string_view>

#include "common/rpc/call.h"
#include "common/telemetry/log_value.h"

namespace vibestack::rpc {

// Writes an audit log line (telemetry/audit.h) about an action of a call: `fields`, then the caller
// (`actor_id` for a user, `actor_service` for a service), `client_address` and `request_id`. Omits
// those that are empty. Use the field `user_id` for the account that the event is about.
// Thread-safe.
void AuditCall(const Call& call, std::string_view event,
               std::initializer_list<LogField> fields = {});

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_CALL_AUDIT_H_

#include "common/rpc/call_audit.h"

#include <optional>
#include <string>
#include <vector>

#include "common/rpc/call_trace.h"
#include "common/telemetry/audit.h"
#include "common/telemetry/log.h"

namespace vibestack::rpc {

void AuditCall(const Call& call, std::string_view event, std::initializer_list<LogField> fields) {
  const std::optional<IpAddress> address = call.client_address();
  const std::string address_text = address.has_value() ? address->ToString() : "";
  const std::string request_id = call.request_id();
  std::vector<LogField> all(fields);
  const auto add = [&all](std::string_view key, const std::string& value) {
    if (!value.empty()) all.push_back({key, value});
  };
  add("actor_id", call.caller().user_id);
  add("actor_service", call.caller().service_name);
  add("client_address", address_text);
  add("request_id", request_id);
  const std::optional<TraceContext> trace = TraceForLog(call);
  const LogTrace log_trace(trace.has_value() ? &*trace : nullptr);
  Audit(event, all);
}

}  // namespace vibestack::rpc

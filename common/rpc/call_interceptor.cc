#include "common/rpc/call_interceptor.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"
#include "common/base/uuid.h"
#include "common/rpc/call_audit.h"
#include "common/rpc/call_trace.h"
#include "common/telemetry/log.h"
#include "vibestack/options/v1/access.pb.h"

namespace vibestack::rpc {
namespace {

auth::Role RoleOf(options::v1::Role role) {
  switch (role) {
    case options::v1::PUBLIC:
      return auth::Role::kPublic;
    case options::v1::SUPERUSER:
      return auth::Role::kSuperuser;
    case options::v1::SERVICE:
      return auth::Role::kService;
    case options::v1::CALLBACK:
      return auth::Role::kCallback;
    default:
      return auth::Role::kUser;
  }
}

const char* RoleName(auth::Role role) {
  switch (role) {
    case auth::Role::kPublic:
      return "public";
    case auth::Role::kUser:
      return "user";
    case auth::Role::kSuperuser:
      return "superuser";
    case auth::Role::kService:
      return "service";
    case auth::Role::kCallback:
      return "callback";
  }
  return "";
}

// The audit field for the subject of a refused token.
const char* SubjectName(const auth::TokenRefusal& refusal) {
  if (refusal.purpose == auth::PurposeName(auth::Purpose::kCallback)) return "job_id";
  return IsUuid(refusal.subject) ? "user_id" : "subject";
}

// Such as "this method needs a service or superuser token". `allowed` must not be empty or have
// PUBLIC.
std::string RoleRequiredMessage(const auth::RoleSet& allowed) {
  std::vector<std::string> names;
  for (const auth::Role role :
       {auth::Role::kCallback, auth::Role::kService, auth::Role::kUser, auth::Role::kSuperuser}) {
    // A superuser is a user, too.
    if (role == auth::Role::kSuperuser && allowed.Has(auth::Role::kUser)) continue;
    if (allowed.Has(role)) names.emplace_back(RoleName(role));
  }
  return absl::StrCat("this method needs a ", absl::StrJoin(names, " or "), " token");
}

// Whether the server or the database caused the error, so that an operator must see it.
bool IsServerError(absl::StatusCode code) {
  return code == absl::StatusCode::kInternal || code == absl::StatusCode::kUnknown ||
         code == absl::StatusCode::kUnavailable || code == absl::StatusCode::kDataLoss;
}

}  // namespace

auth::RoleSet AllowedRoles(const google::protobuf::MethodDescriptor& method) {
  auth::RoleSet roles;
  for (const int role : method.options().GetExtension(options::v1::access).allow()) {
    if (role == options::v1::ROLE_UNSPECIFIED || !options::v1::Role_IsValid(role)) continue;
    roles.Add(RoleOf(static_cast<options::v1::Role>(role)));
  }
  return roles;
}

CallInterceptor::Method CallInterceptor::Describe(
    const google::protobuf::MethodDescriptor& method) {
  const std::string service = method.service()->full_name();
  return {service, method.name(), AllowedRoles(method), metrics_.Method(service, method.name())};
}

Task<absl::Status> CallInterceptor::Authorize(const Method& method, Call& call) {
  call.set_trusted_proxies(trusted_proxies_);
  if (method.allowed.empty()) {
    co_return PermissionDeniedError("METHOD_CLOSED", "no caller may use this method");
  }
  if (method.allowed.Has(auth::Role::kPublic)) co_return absl::OkStatus();
  absl::StatusOr<auth::Caller> caller =
      co_await authenticator_.Authenticate(call.Metadata("authorization"), call.WorkDeadline());
  if (!caller.ok()) co_return caller.status();
  const auth::Role role = caller->role;
  call.set_caller(*std::move(caller));
  if (!method.allowed.Allows(role)) {
    co_return PermissionDeniedError("ROLE_REQUIRED", RoleRequiredMessage(method.allowed));
  }
  co_return absl::OkStatus();
}

Span CallInterceptor::BeginSpan(const Method& method, Call& call) {
  Span span = BeginCallSpan(call, method.service, method.name);
  call.set_trace(span.context());
  return span;
}

void CallInterceptor::Record(const Method& method, const Call& call, const absl::Status& status,
                             absl::Duration took, Span& span) {
  EndCallSpan(span, status, IsServerError(status.code()));
  method.metrics.Record(status.code(), took);
  if (absl::IsUnauthenticated(status)) {
    const std::optional<auth::TokenRefusal> refusal = auth::RefusalOf(status);
    if (refusal.has_value()) AuditRefusal(method, call, *refusal);
  }
  const LogLevel level = IsServerError(status.code()) ? LogLevel::kWarning : LogLevel::kDebug;
  if (!LogEnabled(level)) return;
  const std::optional<TraceContext> trace = TraceForLog(call);
  const LogTrace log_trace(trace.has_value() ? &*trace : nullptr);
  const std::string code = absl::StatusCodeToString(status.code());
  Log(level, "call",
      {{"rpc_service", method.service},
       {"rpc_method", method.name},
       {"code", code},
       {"reason", ErrorReason(status)},
       {"duration_us", absl::ToInt64Microseconds(took)},
       {"role", RoleName(call.caller().role)},
       {"user_id", call.caller().user_id},
       {"caller_service", call.caller().service_name},
       {"request_id", call.request_id()}});
}

void CallInterceptor::AuditRefusal(const Method& method, const Call& call,
                                   const auth::TokenRefusal& refusal) {
  const std::optional<uint64_t> suppressed = refusals_.Pass();
  if (!suppressed.has_value()) return;
  AuditCall(call, "token_refused",
            {{"reason", refusal.fault},
             {"rpc_service", method.service},
             {"rpc_method", method.name},
             {"key_id", refusal.key_id},
             {"token_id", refusal.token_id},
             {SubjectName(refusal), refusal.subject},
             {"suppressed", *suppressed}});
}

}  // namespace vibestack::rpc

#ifndef VIBESTACK_COMMON_RPC_CALL_INTERCEPTOR_H_
#define VIBESTACK_COMMON_RPC_CALL_INTERCEPTOR_H_

#include <google/protobuf/descriptor.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/auth/access_policy.h"
#include "common/auth/token_refusal.h"
#include "common/rpc/authenticator.h"
#include "common/rpc/call.h"
#include "common/rpc/ip_address.h"
#include "common/telemetry/audit.h"
#include "common/telemetry/rpc_metrics.h"
#include "common/telemetry/span.h"

namespace vibestack::rpc {

// The roles that the option `vibestack.options.v1.access` of a method names; empty without it.
auth::RoleSet AllowedRoles(const google::protobuf::MethodDescriptor& method);

// The one gate through which every call goes before its handler and after it: who may call, and
// what is counted and logged. Thread-safe.
class CallInterceptor {
 public:
  // Both must outlive this. Behind `trusted_proxies`, x-forwarded-for says where a call comes from.
  CallInterceptor(Authenticator& authenticator, RpcMetrics& metrics,
                  IpNetworks trusted_proxies = {})
      : authenticator_(authenticator),
        metrics_(metrics),
        trusted_proxies_(std::move(trusted_proxies)) {}

  // What the guard knows of one method. Lives as long as the service that has it.
  struct Method {
    std::string service;
    std::string name;
    auth::RoleSet allowed;
    RpcMethodMetrics& metrics;
  };
  Method Describe(const google::protobuf::MethodDescriptor& method);

  // Lets a call in and sets its caller. PERMISSION_DENIED (METHOD_CLOSED) for a method without the
  // access option, (ROLE_REQUIRED) for a caller of another kind; else as Authenticator.
  Task<absl::Status> Admit(const Method& method, Call& call);

  // The span of a call, to be traced by until Record(); empty while tracing is off.
  static Span BeginSpan(const Method& method, Call& call);

  // Counts and logs a finished call, and ends its span: at debug when it went well or the caller
  // erred, at warning when we did. A token that was refused, here or by the handler, is a line of
  // the audit log; of a flood of them only some are.
  void Record(const Method& method, const Call& call, const absl::Status& status,
              absl::Duration took, Span& span);

 private:
  static constexpr int kRefusalsPerSecond = 20;  // in the audit log

  void AuditRefusal(const Method& method, const Call& call, const auth::TokenRefusal& refusal);

  Authenticator& authenticator_;
  RpcMetrics& metrics_;
  const IpNetworks trusted_proxies_;
  AuditGate refusals_{kRefusalsPerSecond};
};

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_CALL_INTERCEPTOR_H_

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

// The roles in the option `vibestack.options.v1.access` of a method; empty without the option.
auth::RoleSet AllowedRoles(const google::protobuf::MethodDescriptor& method);

// Runs before and after the handler of every call: authenticates and authorizes the caller, counts
// and logs the call, and traces it. Thread-safe.
class CallInterceptor {
 public:
  // `authenticator` and `metrics` must outlive this. When the peer is one of `trusted_proxies`, the
  // client address comes from x-forwarded-for.
  CallInterceptor(Authenticator& authenticator, RpcMetrics& metrics,
                  IpNetworks trusted_proxies = {})
      : authenticator_(authenticator),
        metrics_(metrics),
        trusted_proxies_(std::move(trusted_proxies)) {}

  // What the interceptor must know about a method.
  struct Method {
    std::string service;
    std::string name;
    auth::RoleSet allowed;
    RpcMethodMetrics& metrics;
  };
  Method Describe(const google::protobuf::MethodDescriptor& method);

  // Authorizes a call and sets its caller. Errors: PERMISSION_DENIED with the reason METHOD_CLOSED
  // for a method without the access option, or ROLE_REQUIRED for a caller without a required role;
  // otherwise those of Authenticator::Authenticate.
  Task<absl::Status> Authorize(const Method& method, Call& call);

  // Starts the span of a call and sets it as the trace context of the call, until Record(). The
  // span is empty while tracing is off.
  static Span BeginSpan(const Method& method, Call& call);

  // Counts and logs a finished call and ends its span. The log level is warning for errors of the
  // server or the database (INTERNAL, UNKNOWN, UNAVAILABLE, DATA_LOSS), otherwise debug. A refused
  // token also gets a line in the audit log, at most 20 lines a second.
  void Record(const Method& method, const Call& call, const absl::Status& status,
              absl::Duration took, Span& span);

 private:
  static constexpr int kRefusalsPerSecond = 20;  // lines of the audit log

  void AuditRefusal(const Method& method, const Call& call, const auth::TokenRefusal& refusal);

  Authenticator& authenticator_;
  RpcMetrics& metrics_;
  const IpNetworks trusted_proxies_;
  AuditGate refusals_{kRefusalsPerSecond};
};

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_CALL_INTERCEPTOR_H_

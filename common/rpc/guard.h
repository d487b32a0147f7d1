#ifndef VIBESTACK_COMMON_RPC_GUARD_H_
#define VIBESTACK_COMMON_RPC_GUARD_H_

#include <google/protobuf/descriptor.h>

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/auth/access_policy.h"
#include "common/rpc/authenticator.h"
#include "common/rpc/call.h"
#include "common/telemetry/rpc_metrics.h"

namespace vibestack::rpc {

// The roles that the option `vibestack.options.v1.access` of a method names; empty without it.
auth::RoleSet AllowedRoles(const google::protobuf::MethodDescriptor& method);

// The one gate through which every call goes before its handler and after it: who may call, and
// what is counted and logged. Thread-safe.
class Guard {
 public:
  // Both must outlive this.
  Guard(Authenticator& authenticator, RpcMetrics& metrics)
      : authenticator_(authenticator), metrics_(metrics) {}

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

  // Counts and logs a finished call: at debug when it went well or the caller erred, at warning
  // when we did.
  void Record(const Method& method, const Call& call, const absl::Status& status,
              absl::Duration took);

 private:
  Authenticator& authenticator_;
  RpcMetrics& metrics_;
};

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_GUARD_H_

#ifndef VIBESTACK_COMMON_AUTH_CALLER_H_
#define VIBESTACK_COMMON_AUTH_CALLER_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/time/time.h"

namespace vibestack::auth {

// The kinds of caller, as vibestack.options.v1.Role names them.
enum class Role { kPublic, kUser, kSuperuser, kService, kCallback };

// The caller of one call. rpc::Authenticator makes it from a verified token and the current state
// of the account. Valid for this call only. A plain value.
struct Caller {
  Role role = Role::kPublic;
  std::string user_id;             // lower-case UUID; of users and superusers only
  std::string service_name;        // of services only
  std::string job_id;              // of callbacks only: the one job that they may change
  int attempt = 0;                 // of callbacks only: the attempt of the job that they belong to
  int64_t job_created_micros = 0;  // of callbacks only: Claims::job_created_micros
  // When the caller's token expires. A longer stream must authorize its caller again.
  absl::Time token_expires_at = absl::InfiniteFuture();

  static Caller Anonymous() { return {}; }
  static Caller User(std::string user_id) {
    Caller caller;
    caller.role = Role::kUser;
    caller.user_id = std::move(user_id);
    return caller;
  }
  static Caller Superuser(std::string user_id) {
    Caller caller = User(std::move(user_id));
    caller.role = Role::kSuperuser;
    return caller;
  }
  static Caller Service(std::string name) {
    Caller caller;
    caller.role = Role::kService;
    caller.service_name = std::move(name);
    return caller;
  }
  static Caller Callback(std::string job_id, int attempt = 1, int64_t job_created_micros = 0) {
    Caller caller;
    caller.role = Role::kCallback;
    caller.job_id = std::move(job_id);
    caller.attempt = attempt;
    caller.job_created_micros = job_created_micros;
    return caller;
  }

  bool IsAnonymous() const { return role == Role::kPublic; }
  // A superuser is also a user.
  bool IsUser() const { return role == Role::kUser || role == Role::kSuperuser; }
  bool IsSuperuser() const { return role == Role::kSuperuser; }
  bool IsService() const { return role == Role::kService; }
  bool IsCallback() const { return role == Role::kCallback; }
  // Whether the caller is the user of that id (in lower case).
  bool Is(const std::string& other_user_id) const { return IsUser() && user_id == other_user_id; }
};

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_CALLER_H_

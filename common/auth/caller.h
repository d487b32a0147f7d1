#ifndef VIBESTACK_COMMON_AUTH_CALLER_H_
#define VIBESTACK_COMMON_AUTH_CALLER_H_

#include <string>
#include <utility>

#include "absl/time/time.h"

namespace vibestack::auth {

// The kinds of caller, as vibestack.options.v1.Role names them.
enum class Role { kPublic, kUser, kSuperuser, kService };

// Who is calling: established by common/rpc from a verified token and the account's present state,
// and true for this one call only. A plain value.
struct Caller {
  Role role = Role::kPublic;
  std::string user_id;       // lower-case UUID; of users and superusers only
  std::string service_name;  // of services only
  // When the token expires by which the caller is known; what lasts longer than a call looks anew.
  absl::Time token_expires_at = absl::InfiniteFuture();

  static Caller Anonymous() { return {}; }
  static Caller User(std::string user_id) { return {Role::kUser, std::move(user_id), ""}; }
  static Caller Superuser(std::string user_id) {
    return {Role::kSuperuser, std::move(user_id), ""};
  }
  static Caller Service(std::string name) { return {Role::kService, "", std::move(name)}; }

  bool IsAnonymous() const { return role == Role::kPublic; }
  // A superuser is a user, too.
  bool IsUser() const { return role == Role::kUser || role == Role::kSuperuser; }
  bool IsSuperuser() const { return role == Role::kSuperuser; }
  bool IsService() const { return role == Role::kService; }
  // Whether the caller is the user of that id (in lower case).
  bool Is(const std::string& other_user_id) const { return IsUser() && user_id == other_user_id; }
};

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_CALLER_H_

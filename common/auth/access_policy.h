#ifndef VIBESTACK_COMMON_AUTH_ACCESS_POLICY_H_
#define VIBESTACK_COMMON_AUTH_ACCESS_POLICY_H_

#include <initializer_list>

#include "common/auth/caller.h"

namespace vibestack::auth {

// The roles that may call a method. An empty set, as of a method without the access option, means
// that nobody may call it. A plain value.
class RoleSet {
 public:
  constexpr RoleSet() = default;
  constexpr RoleSet(std::initializer_list<Role> roles) {
    for (const Role role : roles) Add(role);
  }

  constexpr void Add(Role role) { bits_ |= Bit(role); }
  constexpr bool Has(Role role) const { return (bits_ & Bit(role)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }

  // Whether a caller with that role may call. PUBLIC allows everybody. USER allows users and
  // superusers, since a superuser is a user. The other roles allow only themselves.
  constexpr bool Allows(Role caller) const {
    return Has(Role::kPublic) || Has(caller) || (caller == Role::kSuperuser && Has(Role::kUser));
  }

 private:
  static constexpr unsigned Bit(Role role) { return 1U << static_cast<unsigned>(role); }

  unsigned bits_ = 0;
};

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_ACCESS_POLICY_H_

#ifndef VIBESTACK_COMMON_AUTH_ACCESS_POLICY_H_
#define VIBESTACK_COMMON_AUTH_ACCESS_POLICY_H_

#include <initializer_list>

#include "common/auth/caller.h"

namespace vibestack::auth {

// The roles that may call a method. Empty, as a method without the access option has it, denies
// everybody. Immutable but for Add; a plain value.
class RoleSet {
 public:
  constexpr RoleSet() = default;
  constexpr RoleSet(std::initializer_list<Role> roles) {
    for (const Role role : roles) Add(role);
  }

  constexpr void Add(Role role) { bits_ |= Bit(role); }
  constexpr bool Has(Role role) const { return (bits_ & Bit(role)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }

  // Whether a caller of that role may call: everybody where PUBLIC is listed; a superuser, being a
  // user, where USER or SUPERUSER is; users and services only where they are listed themselves.
  constexpr bool Allows(Role caller) const {
    return Has(Role::kPublic) || Has(caller) || (caller == Role::kSuperuser && Has(Role::kUser));
  }

 private:
  static constexpr unsigned Bit(Role role) { return 1U << static_cast<unsigned>(role); }

  unsigned bits_ = 0;
};

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_ACCESS_POLICY_H_

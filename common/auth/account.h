#ifndef VIBESTACK_COMMON_AUTH_ACCOUNT_H_
#define VIBESTACK_COMMON_AUTH_ACCOUNT_H_

#include <string>

namespace vibestack::auth {

// What the database says about a user at this moment, as far as a token's worth depends on it. A
// token never carries any of it but the fingerprint, which must equal the one here.
struct AccountState {
  bool exists = false;
  bool is_active = false;
  bool is_superuser = false;
  std::string fingerprint;  // empty when there is no usable password: matches no token
};

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_ACCOUNT_H_

#ifndef VIBESTACK_USER_SERVICE_DOMAIN_INTROSPECTIONS_H_
#define VIBESTACK_USER_SERVICE_DOMAIN_INTROSPECTIONS_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/auth/key_set.h"
#include "common/auth/token.h"
#include "common/auth/token_verifier.h"
#include "common/base/clock.h"
#include "common/base/secret.h"
#include "user_service/domain/sign_ups.h"
#include "user_service/store/user_store.h"

namespace vibestack::user_service {

// A token that is good at this moment.
struct GoodToken {
  auth::Claims claims;
  UserPtr user;  // whose it is; null for tokens that are no account's
};

// Says which tokens are good, with the database's present word on their accounts. Thread-safe.
class Introspections {
 public:
  // All must outlive this.
  Introspections(UserStore& users, const auth::KeySetProvider& keys, const Clock& clock,
                 Secret fingerprint_key, SignUpMode sign_up_mode);

  // Nothing for a token that is not good, for whatever reason. Errors: as UserStore;
  // auth::NoKeysError.
  Task<absl::StatusOr<std::optional<GoodToken>>> Introspect(std::string token, absl::Time deadline);

 private:
  // Whether the account that the token is about lets it be good; null: there is none.
  bool Stands(const auth::Claims& claims, const UserPtr& user) const;

  UserStore& users_;
  const auth::TokenVerifier verifier_;
  const Secret fingerprint_key_;
  const SignUpMode sign_up_mode_;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_INTROSPECTIONS_H_

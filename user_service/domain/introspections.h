#ifndef VIBESTACK_USER_SERVICE_DOMAIN_INTROSPECTIONS_H_
#define VIBESTACK_USER_SERVICE_DOMAIN_INTROSPECTIONS_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/auth/key_set.h"
#include "common/auth/token.h"
#include "common/auth/token_issuer.h"
#include "common/auth/token_verifier.h"
#include "common/base/clock.h"
#include "common/base/secret.h"
#include "user_service/domain/sign_ups.h"
#include "user_service/store/user_store.h"

namespace vibestack::user_service {

// A token that is active now, in the sense of RFC 7662.
struct ActiveToken {
  auth::Claims claims;
  UserPtr user;  // the account of the token; null for a token without an account
};

// Checks whether tokens are active (RFC 7662). Reads the account from the database each time.
// Thread-safe.
class Introspections {
 public:
  // `session_ttl` is that of Sessions. All must outlive this.
  Introspections(UserStore& users, const auth::KeySetProvider& keys, const Clock& clock,
                 Secret fingerprint_key, SignUpMode sign_up_mode,
                 absl::Duration session_ttl = auth::kSessionLifetime);

  // Returns std::nullopt if the token is not active, for whatever reason. Errors: those of
  // UserStore; auth::NoKeysError.
  Task<absl::StatusOr<std::optional<ActiveToken>>> Introspect(std::string token,
                                                              absl::Time deadline);

 private:
  // Whether a verified token is active, given its account (null: there is none).
  bool IsActive(const auth::Claims& claims, const UserPtr& user) const;

  UserStore& users_;
  const Clock& clock_;
  const auth::TokenVerifier verifier_;
  const Secret fingerprint_key_;
  const SignUpMode sign_up_mode_;
  const absl::Duration session_ttl_;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_INTROSPECTIONS_H_

#include "user_service/domain/introspections.h"

#include <utility>

#include "common/auth/account.h"
#include "user_service/domain/password_resets.h"
#include "user_service/domain/sessions.h"

namespace vibestack::user_service {
namespace {

using Answer = std::optional<ActiveToken>;

bool IsOfAccount(auth::Purpose purpose) { return auth::CarriesFingerprint(purpose); }

}  // namespace

Introspections::Introspections(UserStore& users, const auth::KeySetProvider& keys,
                               const Clock& clock, Secret fingerprint_key, SignUpMode sign_up_mode,
                               absl::Duration session_ttl)
    : users_(users),
      clock_(clock),
      verifier_(keys, clock),
      fingerprint_key_(std::move(fingerprint_key)),
      sign_up_mode_(sign_up_mode),
      session_ttl_(session_ttl) {}

Task<absl::StatusOr<Answer>> Introspections::Introspect(std::string token, absl::Time deadline) {
  const std::optional<auth::Purpose> purpose = auth::ClaimedPurpose(token);
  if (!purpose.has_value()) co_return Answer();
  const absl::StatusOr<auth::Claims> claims = verifier_.Verify(token, *purpose);
  if (absl::IsUnauthenticated(claims.status())) co_return Answer();
  if (!claims.ok()) co_return claims.status();
  UserPtr user;
  if (*purpose == auth::Purpose::kSignUp || IsOfAccount(*purpose)) {
    const absl::StatusOr<UserPtr> found = co_await users_.Get(claims->subject, deadline);
    if (!found.ok()) co_return found.status();
    user = *found;
  }
  if (*purpose == auth::Purpose::kSignUp && user == nullptr) {
    const absl::StatusOr<UserPtr> other = co_await users_.FindByEmail(claims->email, deadline);
    if (!other.ok()) co_return other.status();
    user = *other;
  }
  if (!IsActive(*claims, user)) co_return Answer();
  co_return Answer(ActiveToken{*claims, user});
}

bool Introspections::IsActive(const auth::Claims& claims, const UserPtr& user) const {
  switch (claims.purpose) {
    case auth::Purpose::kRefresh:
      if (clock_.Now() >= SessionOf(claims, session_ttl_).end) return false;
      [[fallthrough]];
    case auth::Purpose::kAccess:
      return auth::CheckAccount(claims, StateOf(user, fingerprint_key_)).ok();
    case auth::Purpose::kReset:
      return CheckResetToken(claims, user, fingerprint_key_).ok();
    case auth::Purpose::kSignUp:
      return user == nullptr && sign_up_mode_ != SignUpMode::kClosed;
    case auth::Purpose::kCallback:
    case auth::Purpose::kService:
      return true;
  }
  return false;
}

}  // namespace vibestack::user_service

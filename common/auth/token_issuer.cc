#include "common/auth/token_issuer.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "common/auth/base64url.h"
#include "common/auth/fingerprint.h"
#include "common/auth/jwt_json.h"
#include "common/auth/token_verifier.h"
#include "common/base/error.h"
#include "common/base/uuid.h"

namespace vibestack::auth {
namespace {

bool Fits(Purpose purpose, const std::string& subject, absl::Duration lifetime,
          const std::string& fingerprint, const std::string& email) {
  const bool fingerprint_fits =
      CarriesFingerprint(purpose) ? IsFingerprint(fingerprint) : fingerprint.empty();
  return IsSubject(purpose, subject) && fingerprint_fits && IsEmailClaim(purpose, email) &&
         lifetime >= absl::Seconds(1) && lifetime < absl::InfiniteDuration();
}

absl::Time WholeSeconds(absl::Time time) {
  return absl::FromUnixSeconds(absl::ToUnixSeconds(time));
}

// Empty when a claim cannot be written as JSON.
std::string EncodePayload(const Claims& claims, const TokenRealm& realm) {
  JwtPayload payload;
  const bool complete =
      payload.Set("iss", realm.issuer) && payload.Set("aud", realm.audience) &&
      payload.Set("sub", claims.subject) &&
      payload.Set("iat", absl::ToUnixSeconds(claims.issued_at)) &&
      payload.Set("exp", absl::ToUnixSeconds(claims.expires_at)) &&
      payload.Set("jti", claims.token_id) && payload.Set("purpose", PurposeName(claims.purpose)) &&
      (claims.fingerprint.empty() || payload.Set("fingerprint", claims.fingerprint)) &&
      (claims.email.empty() || payload.Set("email", claims.email)) &&
      (claims.attempt == 0 || payload.Set("attempt", int64_t{claims.attempt})) &&
      (!claims.auth_time || payload.Set("auth_time", absl::ToUnixSeconds(*claims.auth_time))) &&
      (claims.job_created_micros == 0 || payload.Set("job_created", claims.job_created_micros));
  return complete ? payload.Encode() : "";
}

}  // namespace

TokenIssuer::TokenIssuer(KeySetProvider keys, const Clock& clock, TokenRealm realm)
    : keys_(std::move(keys)), clock_(clock), realm_(std::move(realm)) {}

absl::StatusOr<IssuedToken> TokenIssuer::Issue(Purpose purpose, const std::string& subject,
                                               absl::Duration lifetime,
                                               const std::string& fingerprint,
                                               const std::string& email, int attempt,
                                               int64_t job_created_micros,
                                               std::optional<TokenSession> session) const {
  if (!Fits(purpose, subject, lifetime, fingerprint, email) ||
      (session.has_value() && !BelongsToSession(purpose))) {
    return InternalError("the arguments of a token are not valid for its purpose");
  }
  const std::shared_ptr<const KeySet> keys = keys_();
  const Es256Key* key = keys == nullptr ? nullptr : keys->Find(keys->signing_kid());
  if (key == nullptr) return InternalError("there is no signing key");

  Claims claims{purpose, subject, {}, {}, fingerprint, NewUuid(), email, 0, 0, std::nullopt};
  if (purpose == Purpose::kCallback) {
    claims.attempt = attempt;
    claims.job_created_micros = job_created_micros;
  }
  claims.issued_at = WholeSeconds(clock_.Now());
  claims.expires_at = claims.issued_at + absl::Floor(lifetime, absl::Seconds(1));
  if (session.has_value()) {
    claims.auth_time = WholeSeconds(session->auth_time);
    claims.expires_at = std::min(claims.expires_at, WholeSeconds(session->end));
    if (claims.expires_at <= claims.issued_at) return SessionOverError();
  }
  const std::string payload = EncodePayload(claims, realm_);
  if (payload.empty()) return InternalError("the token could not be written");
  const std::string signed_part = EncodeJwtHeader(keys->signing_kid()) + "." + payload;
  const absl::StatusOr<std::string> signature = key->Sign(signed_part);
  if (!signature.ok()) return InternalError("the token could not be signed");
  return IssuedToken{Secret(signed_part + "." + Base64UrlEncode(*signature)), std::move(claims)};
}

}  // namespace vibestack::auth

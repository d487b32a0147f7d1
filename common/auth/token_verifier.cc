#include "common/auth/token_verifier.h"

#include <memory>
#include <optional>
#include <utility>

#include "common/auth/base64url.h"
#include "common/auth/fingerprint.h"
#include "common/auth/jwt_json.h"
#include "common/auth/token_refusal.h"
#include "common/base/error.h"
#include "common/base/uuid.h"

namespace vibestack::auth {
namespace {

constexpr int64_t kMaxAttempt = 1'000'001;
constexpr int64_t kMaxUnixSeconds = 253402300799;  // the end of the year 9999

struct Parts {
  std::string header;
  std::string payload;
  std::string signature;
};

// Splits a token into exactly three parts, without checking them.
std::optional<Parts> Split(const std::string& token) {
  const size_t first = token.find('.');
  if (first == std::string::npos) return std::nullopt;
  const size_t second = token.find('.', first + 1);
  if (second == std::string::npos) return std::nullopt;
  if (token.find('.', second + 1) != std::string::npos) return std::nullopt;
  return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1),
               token.substr(second + 1)};
}

std::optional<absl::Time> GetTime(const JwtPayload& payload, const std::string& name) {
  const std::optional<int64_t> seconds = payload.GetInt(name);
  if (!seconds.has_value() || *seconds <= 0 || *seconds > kMaxUnixSeconds) return std::nullopt;
  return absl::FromUnixSeconds(*seconds);
}

// The attempt of a callback token, and 0 of other tokens. Programs before schema version 4 issued
// callback tokens without it, for the first attempt.
std::optional<int> GetAttempt(const JwtPayload& payload, Purpose purpose) {
  if (!payload.Has("attempt")) return purpose == Purpose::kCallback ? 1 : 0;
  const int64_t attempt = payload.GetInt("attempt").value_or(0);
  if (purpose != Purpose::kCallback || attempt < 1 || attempt > kMaxAttempt) return std::nullopt;
  return static_cast<int>(attempt);
}

// Reads the claims and makes the checks that do not depend on the expected purpose. Nothing when a
// claim is missing or invalid.
std::optional<Claims> ReadClaims(const JwtPayload& payload) {
  const std::optional<Purpose> purpose = ParsePurpose(payload.GetString("purpose").value_or(""));
  const std::optional<absl::Time> issued_at = GetTime(payload, "iat");
  const std::optional<absl::Time> expires_at = GetTime(payload, "exp");
  const std::string token_id = payload.GetString("jti").value_or("");
  if (!purpose || !issued_at || !expires_at || *expires_at <= *issued_at || !IsUuid(token_id) ||
      (payload.Has("nbf") && !GetTime(payload, "nbf"))) {
    return std::nullopt;
  }
  const std::string fingerprint = payload.GetString("fingerprint").value_or("");
  if (CarriesFingerprint(*purpose) ? !IsFingerprint(fingerprint) : payload.Has("fingerprint")) {
    return std::nullopt;
  }
  const std::string email = payload.GetString("email").value_or("");
  if (payload.Has("email") != (*purpose == Purpose::kSignUp) || !IsEmailClaim(*purpose, email)) {
    return std::nullopt;
  }
  const std::optional<int> attempt = GetAttempt(payload, *purpose);
  if (!attempt) return std::nullopt;
  const std::optional<absl::Time> auth_time = GetTime(payload, "auth_time");
  if (payload.Has("auth_time") && (!BelongsToSession(*purpose) || !auth_time)) return std::nullopt;
  const int64_t job_created = payload.GetInt("job_created").value_or(0);
  if (payload.Has("job_created") && (*purpose != Purpose::kCallback || job_created == 0)) {
    return std::nullopt;
  }
  return Claims{*purpose,    payload.GetString("sub").value_or(""),
                *issued_at,  *expires_at,
                fingerprint, token_id,
                email,       *attempt,
                job_created, auth_time};
}

TokenVerdict Refused(TokenFault fault) { return {fault, {}}; }

}  // namespace

absl::Status SessionOverError() {
  return UnauthenticatedError("TOKEN_EXPIRED", "the session is over; log in again");
}

absl::Status TokenError(const std::string& token, TokenFault fault) {
  absl::Status error = UnauthenticatedError("TOKEN_INVALID", "the token is not valid");
  if (fault == TokenFault::kExpired) {
    error = UnauthenticatedError("TOKEN_EXPIRED", "the token has expired");
  } else if (fault == TokenFault::kSessionOver) {
    error = SessionOverError();
  }
  return WithRefusal(std::move(error), DescribeRefusal(token, fault));
}

std::optional<Purpose> ClaimedPurpose(const std::string& token) {
  const std::optional<Parts> parts = Split(token);
  if (!parts.has_value()) return std::nullopt;
  const std::optional<JwtPayload> payload = JwtPayload::Decode(parts->payload);
  if (!payload.has_value()) return std::nullopt;
  return ParsePurpose(payload->GetString("purpose").value_or(""));
}

absl::Status NoKeysError() {
  return UnavailableError("TOKEN_KEYS_UNAVAILABLE", "tokens cannot be verified at the moment");
}

TokenVerifier::TokenVerifier(KeySetProvider keys, const Clock& clock, TokenRealm realm)
    : keys_(std::move(keys)), clock_(clock), realm_(std::move(realm)) {}

absl::StatusOr<Claims> TokenVerifier::Verify(const std::string& token, Purpose expected,
                                             TokenFault* fault) const {
  if (fault != nullptr) *fault = TokenFault::kNone;
  const std::shared_ptr<const KeySet> keys = keys_();
  if (keys == nullptr) return NoKeysError();
  TokenVerdict verdict = Judge(token, expected, *keys);
  if (fault != nullptr) *fault = verdict.fault;
  if (verdict.fault != TokenFault::kNone) return TokenError(token, verdict.fault);
  return std::move(verdict.claims);
}

TokenVerdict TokenVerifier::Judge(const std::string& token, Purpose expected,
                                  const KeySet& keys) const {
  if (token.size() > kMaxTokenBytes) return Refused(TokenFault::kTooLarge);
  const std::optional<Parts> parts = Split(token);
  if (!parts.has_value()) return Refused(TokenFault::kMalformed);
  const std::optional<std::string> signature = Base64UrlDecode(parts->signature);
  if (!signature.has_value()) return Refused(TokenFault::kMalformed);
  const std::optional<std::string> kid = DecodeJwtHeader(parts->header);
  if (!kid.has_value()) return Refused(TokenFault::kBadHeader);
  const Es256Key* key = keys.Find(*kid);
  if (key == nullptr) return Refused(TokenFault::kUnknownKey);
  if (!key->Verify(parts->header + "." + parts->payload, *signature)) {
    return Refused(TokenFault::kBadSignature);
  }
  return JudgePayload(parts->payload, expected);
}

TokenVerdict TokenVerifier::JudgePayload(const std::string& part, Purpose expected) const {
  const std::optional<JwtPayload> payload = JwtPayload::Decode(part);
  if (!payload.has_value()) return Refused(TokenFault::kBadClaims);
  if (payload->GetString("iss") != realm_.issuer) return Refused(TokenFault::kWrongIssuer);
  if (payload->GetString("aud") != realm_.audience) return Refused(TokenFault::kWrongAudience);
  std::optional<Claims> claims = ReadClaims(*payload);
  if (!claims.has_value()) return Refused(TokenFault::kBadClaims);
  if (claims->purpose != expected) return Refused(TokenFault::kWrongPurpose);
  if (!IsSubject(expected, claims->subject)) return Refused(TokenFault::kBadSubject);
  const absl::Time now = clock_.Now();
  const absl::Time valid_from = GetTime(*payload, "nbf").value_or(claims->issued_at);
  if (now + kClockLeeway < claims->issued_at || now + kClockLeeway < valid_from) {
    return Refused(TokenFault::kNotYetValid);
  }
  if (now >= claims->expires_at) return Refused(TokenFault::kExpired);
  return {TokenFault::kNone, *std::move(claims)};
}

}  // namespace vibestack::auth

#ifndef VIBESTACK_COMMON_AUTH_TOKEN_H_
#define VIBESTACK_COMMON_AUTH_TOKEN_H_

#include <optional>
#include <string>

#include "absl/time/time.h"

namespace vibestack::auth {

// The purpose of a token. It is a claim in every token; a token is valid for no other purpose.
enum class Purpose { kAccess, kRefresh, kReset, kSignUp, kCallback, kService };

inline constexpr Purpose kAllPurposes[] = {Purpose::kAccess, Purpose::kRefresh,  Purpose::kReset,
                                           Purpose::kSignUp, Purpose::kCallback, Purpose::kService};

// The name in the claim: `access`, `refresh`, `reset`, `sign_up`, `callback` or `service`.
// ParsePurpose returns nothing for every other name.
std::string PurposeName(Purpose purpose);
std::optional<Purpose> ParsePurpose(const std::string& name);

// The issuer and the audience of our tokens (`iss` and `aud`), the same in both services.
struct TokenRealm {
  std::string issuer = "vibestack";
  std::string audience = "vibestack";
};

// The claims of a token, besides its realm and key. A plain value; not a credential.
struct Claims {
  Purpose purpose = Purpose::kAccess;
  // The name of the service for kService; otherwise a lower-case UUID: the job's for kCallback, the
  // future account's for kSignUp, else the user's.
  std::string subject;
  // In whole seconds. The token is invalid from `expires_at` on.
  absl::Time issued_at;
  absl::Time expires_at;
  // The user's Fingerprint in access and refresh tokens, the ResetFingerprint in reset tokens
  // (fingerprint.h); empty in others.
  std::string fingerprint;
  // The unique id of the token (`jti`), a UUID, for logs.
  std::string token_id;
  // The email of the future account in sign-up tokens, in the stored form; empty in others.
  std::string email;
  // In callback tokens the number of the job's attempt, from 1; 0 in others.
  int attempt = 0;
  // In callback tokens when the job was created, in microseconds since 1970, because a job that was
  // deleted may be made anew under its id. 0 in others, and in tokens of earlier programs.
  int64_t job_created_micros = 0;
  // In access and refresh tokens the time of the log-in that began the session (`auth_time`), in
  // whole seconds. Absent in others, and in those of an older version.
  std::optional<absl::Time> auth_time;
};

// Whether tokens of this purpose carry the user's fingerprint.
bool CarriesFingerprint(Purpose purpose);

// Whether tokens of this purpose belong to a session, so that they carry the time of its log-in.
bool BelongsToSession(Purpose purpose);

// Whether `email` is valid for a token of this purpose: 1 to 1,020 bytes (255 characters) in
// sign-up tokens, empty in others.
bool IsEmailClaim(Purpose purpose, const std::string& email);

// Whether `subject` is valid for a token of this purpose.
bool IsSubject(Purpose purpose, const std::string& subject);

// Whether `name` has 1 to 100 lower-case letters, digits, `.`, `_` and `-`, and starts with a
// letter or digit.
bool IsServiceName(const std::string& name);

// Why a token was refused: for the audit log, not for the client.
enum class TokenFault {
  kNone,
  kTooLarge,
  kMalformed,   // not three canonical base64url parts
  kBadHeader,   // the header is not exactly the one that we write
  kUnknownKey,  // no key with that kid
  kBadSignature,
  kBadClaims,  // the payload is not canonical, or a claim is missing or has another type
  kWrongIssuer,
  kWrongAudience,
  kWrongPurpose,
  kBadSubject,
  kNotYetValid,  // `iat` or `nbf` is later than now plus the leeway
  kExpired,
  kSessionOver,  // a refresh token whose session has lasted as long as a session may
};

// In lower_snake_case, such as `bad_signature`; `none` for kNone.
std::string TokenFaultName(TokenFault fault);

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_TOKEN_H_

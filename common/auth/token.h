#ifndef VIBESTACK_COMMON_AUTH_TOKEN_H_
#define VIBESTACK_COMMON_AUTH_TOKEN_H_

#include <optional>
#include <string>

#include "absl/time/time.h"

namespace vibestack::auth {

// What a token is for. It is a claim in every token, and no token passes for another purpose.
enum class Purpose { kAccess, kRefresh, kReset, kSignUp, kCallback, kService };

inline constexpr Purpose kAllPurposes[] = {Purpose::kAccess, Purpose::kRefresh,  Purpose::kReset,
                                           Purpose::kSignUp, Purpose::kCallback, Purpose::kService};

// `access`, `refresh`, `reset`, `sign_up`, `callback`, `service`; and back, exactly these.
std::string PurposeName(Purpose purpose);
std::optional<Purpose> ParsePurpose(const std::string& name);

// Who issues our tokens and whom they are for (`iss` and `aud`). Both services share one realm.
struct TokenRealm {
  std::string issuer = "vibestack";
  std::string audience = "vibestack";
};

// What a token says, besides its realm and key. A plain value; not a credential.
struct Claims {
  Purpose purpose = Purpose::kAccess;
  // The service's name for kService, else a lower-case UUID: the user's, for kSignUp that of the
  // account to be, for kCallback the job's.
  std::string subject;
  // Whole seconds. The token is valid before `expires_at`, no longer at that second.
  absl::Time issued_at;
  absl::Time expires_at;
  // The user's fingerprint (fingerprint.h) in access and refresh tokens, the one for resets in
  // reset tokens; empty in others.
  std::string fingerprint;
  // A UUID of the token's own (`jti`), by which logs may name it.
  std::string token_id;
  // The email of the account to be, as it will be stored, in sign-up tokens; empty in others.
  std::string email;
};

// Whether tokens of this purpose carry the user's fingerprint.
bool CarriesFingerprint(Purpose purpose);

// Whether `email` may stand in a token of this purpose: in sign-up tokens one of up to 1,020
// bytes (255 characters), in others none.
bool IsEmailClaim(Purpose purpose, const std::string& email);

// Whether `subject` may stand in a token of this purpose.
bool IsSubject(Purpose purpose, const std::string& subject);

// 1 to 100 of lower-case letters, digits, `.`, `_` and `-`, the first a letter or digit.
bool IsServiceName(const std::string& name);

// Why a token was refused: for the audit log, not for the caller.
enum class TokenFault {
  kNone,
  kTooLarge,
  kMalformed,   // not three canonical base64url parts
  kBadHeader,   // another algorithm, type or form than our header has
  kUnknownKey,  // no key of that kid
  kBadSignature,
  kBadClaims,  // the payload is not in our form, or a claim is missing or of another type
  kWrongIssuer,
  kWrongAudience,
  kWrongPurpose,
  kBadSubject,
  kNotYetValid,  // issued, or valid from, later than now and the leeway
  kExpired,
};

// In lower_snake_case, such as `bad_signature`; `none` for kNone.
std::string TokenFaultName(TokenFault fault);

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_TOKEN_H_

#include "common/auth/token.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "common/base/uuid.h"

namespace vibestack::auth {
namespace {

constexpr size_t kMaxServiceNameSize = 100;
constexpr size_t kMaxEmailBytes = 4UL * 255;  // of 255 characters

}  // namespace

std::string PurposeName(Purpose purpose) {
  switch (purpose) {
    case Purpose::kAccess:
      return "access";
    case Purpose::kRefresh:
      return "refresh";
    case Purpose::kReset:
      return "reset";
    case Purpose::kSignUp:
      return "sign_up";
    case Purpose::kCallback:
      return "callback";
    case Purpose::kService:
      return "service";
  }
  return "";
}

std::optional<Purpose> ParsePurpose(const std::string& name) {
  for (const Purpose purpose : kAllPurposes) {
    if (name == PurposeName(purpose)) return purpose;
  }
  return std::nullopt;
}

bool CarriesFingerprint(Purpose purpose) {
  return purpose == Purpose::kAccess || purpose == Purpose::kRefresh || purpose == Purpose::kReset;
}

bool BelongsToSession(Purpose purpose) {
  return purpose == Purpose::kAccess || purpose == Purpose::kRefresh;
}

bool IsEmailClaim(Purpose purpose, const std::string& email) {
  return purpose == Purpose::kSignUp ? !email.empty() && email.size() <= kMaxEmailBytes
                                     : email.empty();
}

bool IsSubject(Purpose purpose, const std::string& subject) {
  if (purpose == Purpose::kService) return IsServiceName(subject);
  return IsUuid(subject) && CanonicalUuid(subject) == subject;
}

bool IsServiceName(const std::string& name) {
  const auto is_alnum = [](unsigned char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c);
  };
  return !name.empty() && name.size() <= kMaxServiceNameSize && is_alnum(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](unsigned char c) {
           return is_alnum(c) || c == '.' || c == '_' || c == '-';
         });
}

std::string TokenFaultName(TokenFault fault) {
  switch (fault) {
    case TokenFault::kNone:
      return "none";
    case TokenFault::kTooLarge:
      return "too_large";
    case TokenFault::kMalformed:
      return "malformed";
    case TokenFault::kBadHeader:
      return "bad_header";
    case TokenFault::kUnknownKey:
      return "unknown_key";
    case TokenFault::kBadSignature:
      return "bad_signature";
    case TokenFault::kBadClaims:
      return "bad_claims";
    case TokenFault::kWrongIssuer:
      return "wrong_issuer";
    case TokenFault::kWrongAudience:
      return "wrong_audience";
    case TokenFault::kWrongPurpose:
      return "wrong_purpose";
    case TokenFault::kBadSubject:
      return "bad_subject";
    case TokenFault::kNotYetValid:
      return "not_yet_valid";
    case TokenFault::kExpired:
      return "expired";
    case TokenFault::kSessionOver:
      return "session_over";
  }
  return "";
}

}  // namespace vibestack::auth

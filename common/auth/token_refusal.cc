#include "common/auth/token_refusal.h"

#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/auth/jwt_json.h"

namespace vibestack::auth {
namespace {

constexpr char kPayload[] = "vibestack/token_refusal";
constexpr size_t kMaxSubjectSize = 100;

// Faults that are detected after the signature was verified, so that the payload is ours.
bool IsSigned(TokenFault fault) {
  switch (fault) {
    case TokenFault::kBadClaims:
    case TokenFault::kWrongIssuer:
    case TokenFault::kWrongAudience:
    case TokenFault::kWrongPurpose:
    case TokenFault::kBadSubject:
    case TokenFault::kNotYetValid:
    case TokenFault::kExpired:
    case TokenFault::kSessionOver:
      return true;
    default:
      return false;
  }
}

}  // namespace

TokenRefusal DescribeRefusal(const std::string& token, TokenFault fault) {
  TokenRefusal refusal;
  refusal.fault = TokenFaultName(fault);
  if (fault == TokenFault::kTooLarge) return refusal;
  const std::vector<std::string> parts = absl::StrSplit(token, absl::MaxSplits('.', 2));
  refusal.key_id = DecodeJwtHeader(parts[0]).value_or("");
  if (!IsSigned(fault) || parts.size() < 2) return refusal;
  const std::optional<JwtPayload> payload = JwtPayload::Decode(parts[1]);
  if (!payload.has_value()) return refusal;
  refusal.token_id = payload->GetString("jti").value_or("").substr(0, kMaxSubjectSize);
  refusal.purpose = payload->GetString("purpose").value_or("").substr(0, kMaxSubjectSize);
  refusal.subject = payload->GetString("sub").value_or("").substr(0, kMaxSubjectSize);
  return refusal;
}

absl::Status WithRefusal(absl::Status error, const TokenRefusal& refusal) {
  // None of these can contain a line feed, except a subject that our own key signed.
  error.SetPayload(kPayload,
                   absl::Cord(absl::StrJoin({refusal.fault, refusal.key_id, refusal.token_id,
                                             refusal.purpose, refusal.subject},
                                            "\n")));
  return error;
}

std::optional<TokenRefusal> RefusalOf(const absl::Status& error) {
  const auto payload = error.GetPayload(kPayload);
  if (!payload.has_value()) return std::nullopt;
  const std::vector<std::string> lines =
      absl::StrSplit(std::string(*payload), absl::MaxSplits('\n', 4));
  if (lines.size() != 5) return std::nullopt;
  return TokenRefusal{lines[0], lines[1], lines[2], lines[4], lines[3]};
}

}  // namespace vibestack::auth

#ifndef VIBESTACK_COMMON_AUTH_TOKEN_REFUSAL_H_
#define VIBESTACK_COMMON_AUTH_TOKEN_REFUSAL_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "common/auth/token.h"

namespace vibestack::auth {

// Why a token was refused, for the audit log. Never contains the token.
struct TokenRefusal {
  std::string fault;     // TokenFaultName, or the problem with the account
  std::string key_id;    // the kid in the header; empty when the header is not one of ours
  std::string token_id;  // this and the next two only when the signature was valid
  std::string subject;
  std::string purpose = "";  // as PurposeName
};

// Describes why a token with that fault was refused.
TokenRefusal DescribeRefusal(const std::string& token, TokenFault fault);

// Attaches the refusal to the error. It stays in this process: rpc::ToGrpcStatus sends only the
// details of google.rpc.
absl::Status WithRefusal(absl::Status error, const TokenRefusal& refusal);

// The refusal attached to an error; nothing for other errors.
std::optional<TokenRefusal> RefusalOf(const absl::Status& error);

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_TOKEN_REFUSAL_H_

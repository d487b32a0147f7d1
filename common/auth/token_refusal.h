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
  std::string token_id;  // this and the next two are empty unless the signature was valid
  std::string subject;
  std::string purpose = "";  // as PurposeName
};

// Makes the refusal of a token with that fault.
TokenRefusal DescribeRefusal(const std::string& token, TokenFault fault);

// Attaches the refusal to the error. Clients never see it: rpc::ToGrpcStatus sends only google.rpc
// details.
absl::Status WithRefusal(absl::Status error, const TokenRefusal& refusal);

// The refusal attached to an error; nothing for other errors.
std::optional<TokenRefusal> RefusalOf(const absl::Status& error);

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_TOKEN_REFUSAL_H_

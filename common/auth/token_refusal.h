#ifndef VIBESTACK_COMMON_AUTH_TOKEN_REFUSAL_H_
#define VIBESTACK_COMMON_AUTH_TOKEN_REFUSAL_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "common/auth/token.h"

namespace vibestack::auth {

// What the audit log says about a token that was refused. Never the token.
struct TokenRefusal {
  std::string fault;     // TokenFaultName, or what is wrong with the account
  std::string key_id;    // that the token names; empty when it names none in our form
  std::string token_id;  // this and the next two only where the signature was right
  std::string subject;
  std::string purpose = "";  // as PurposeName
};

// Why a token with that fault was refused.
TokenRefusal DescribeRefusal(const std::string& token, TokenFault fault);

// The same error with the refusal attached. It stays inside the process: rpc::ToGrpcStatus sends
// google.rpc's details only.
absl::Status WithRefusal(absl::Status error, const TokenRefusal& refusal);

// The refusal attached to an error; nothing for other errors.
std::optional<TokenRefusal> RefusalOf(const absl::Status& error);

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_TOKEN_REFUSAL_H_

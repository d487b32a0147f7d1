// IntrospectToken.
#include <optional>

#include "user_service/api/auth_api.h"
#include "user_service/api/checks.h"

namespace vibestack::user_service {
namespace {

using user::v1::IntrospectTokenRequest;
using user::v1::IntrospectTokenResponse;

IntrospectTokenResponse ToProto(const std::optional<ActiveToken>& token) {
  IntrospectTokenResponse response;
  response.set_active(token.has_value());
  if (!token.has_value()) return response;
  const auth::Claims& claims = token->claims;
  const auth::TokenRealm realm;
  const bool is_sent_with_calls =
      claims.purpose == auth::Purpose::kAccess || claims.purpose == auth::Purpose::kService;
  if (is_sent_with_calls) response.set_token_type("Bearer");
  response.set_purpose(auth::PurposeName(claims.purpose));
  response.set_sub(claims.subject);
  response.set_iss(realm.issuer);
  response.set_aud(realm.audience);
  response.set_iat(absl::ToUnixSeconds(claims.issued_at));
  response.set_exp(absl::ToUnixSeconds(claims.expires_at));
  response.set_jti(claims.token_id);
  if (claims.auth_time.has_value()) response.set_auth_time(absl::ToUnixSeconds(*claims.auth_time));
  if (token->user != nullptr) response.set_username(token->user->email);
  return response;
}

}  // namespace

Task<absl::StatusOr<IntrospectTokenResponse>> AuthApi::IntrospectToken(
    rpc::Call& call, const IntrospectTokenRequest& request) {
  rpc::Validator validator;
  CheckToken(validator, "token", request.token());
  if (!validator.ok()) co_return validator.ToStatus();
  const absl::StatusOr<std::optional<ActiveToken>> token =
      co_await domain_.introspections.Introspect(request.token(), call.WorkDeadline());
  if (!token.ok()) co_return token.status();
  co_return ToProto(*token);
}

}  // namespace vibestack::user_service

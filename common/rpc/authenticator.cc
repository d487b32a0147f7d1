#include "common/rpc/authenticator.h"

#include <strings.h>

#include <string_view>
#include <utility>

#include "common/auth/account.h"
#include "common/auth/token_refusal.h"
#include "common/base/error.h"

namespace vibestack::rpc {
namespace {

constexpr std::string_view kScheme = "bearer ";

// The token in `Bearer <token>`. The scheme is case-insensitive (RFC 7235, 2.1).
absl::StatusOr<std::string> BearerToken(const std::string& authorization) {
  if (authorization.empty()) {
    return UnauthenticatedError("TOKEN_MISSING",
                                "the call needs a bearer token in the authorization metadata");
  }
  if (authorization.size() <= kScheme.size() ||
      strncasecmp(authorization.data(), kScheme.data(), kScheme.size()) != 0) {
    return auth::WithRefusal(
        UnauthenticatedError("TOKEN_INVALID", "the authorization metadata is not a bearer token"),
        {.fault = "not_bearer", .key_id = "", .token_id = "", .subject = ""});
  }
  return authorization.substr(kScheme.size());
}

}  // namespace

Authenticator::Authenticator(Verify verify, AccountSource& accounts,
                             RefreshKeysAndRetry refresh_keys_and_retry)
    : verify_(std::move(verify)),
      accounts_(accounts),
      refresh_keys_and_retry_(std::move(refresh_keys_and_retry)) {}

Task<absl::StatusOr<auth::Caller>> Authenticator::Authenticate(std::string authorization,
                                                               absl::Time deadline) {
  const absl::StatusOr<std::string> token = BearerToken(authorization);
  if (!token.ok()) co_return token.status();
  absl::StatusOr<auth::Claims> claims = verify_(*token);
  if (!claims.ok() && refresh_keys_and_retry_ != nullptr) {
    const absl::Status again = co_await refresh_keys_and_retry_(*token, claims.status());
    if (!again.ok()) co_return again;
    claims = verify_(*token);
  }
  if (!claims.ok()) co_return claims.status();
  auth::Caller caller;
  if (claims->purpose == auth::Purpose::kCallback) {
    caller = auth::Caller::Callback(claims->subject, claims->attempt, claims->job_created_micros);
  } else if (claims->purpose == auth::Purpose::kService) {
    caller = auth::Caller::Service(claims->subject);
  } else {
    const absl::StatusOr<auth::AccountState> account = co_await FindAccount(*claims, deadline);
    if (!account.ok()) co_return account.status();
    caller = account->is_superuser ? auth::Caller::Superuser(claims->subject)
                                   : auth::Caller::User(claims->subject);
  }
  caller.token_expires_at = claims->expires_at;
  co_return caller;
}

Task<absl::StatusOr<auth::AccountState>> Authenticator::FindAccount(const auth::Claims& claims,
                                                                    absl::Time deadline) {
  absl::StatusOr<auth::AccountState> account = co_await accounts_.Find(claims.subject, deadline);
  if (!account.ok() || auth::CheckAccount(claims, *account).ok()) co_return account;
  // The cached state may be older than the token, which was issued within the second `issued_at`.
  const absl::Time issued = claims.issued_at + absl::Seconds(1);
  account = co_await accounts_.FindSince(claims.subject, issued, deadline);
  if (!account.ok()) co_return account;
  const absl::Status stands = auth::CheckAccount(claims, *account);
  if (!stands.ok()) co_return stands;
  co_return account;
}

}  // namespace vibestack::rpc

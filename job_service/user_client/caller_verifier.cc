#include "job_service/user_client/caller_verifier.h"

#include <optional>

#include "common/auth/token.h"
#include "common/base/clock.h"

namespace vibestack::job_service {

CallerVerifier::CallerVerifier(KeySource& user_keys, const auth::KeyRing* callback_keys)
    : user_keys_(user_keys),
      user_tokens_([&user_keys] { return user_keys.Snapshot(); }, SystemClock::Instance()) {
  if (callback_keys == nullptr) return;
  disk_tokens_ =
      std::make_unique<auth::CachingVerifier>(callback_keys->Provider(), SystemClock::Instance());
}

absl::StatusOr<auth::Claims> CallerVerifier::Verify(const std::string& token) {
  absl::StatusOr<auth::Claims> claims = user_tokens_.VerifyCaller(token);
  if (claims.ok() || disk_tokens_ == nullptr) return claims;
  const std::optional<auth::Purpose> purpose = auth::ClaimedPurpose(token);
  if (purpose == auth::Purpose::kCallback) return disk_tokens_->Verify(token, *purpose);
  if (purpose != auth::Purpose::kService || !absl::IsUnavailable(claims.status())) return claims;
  // user_service has been away since this service started. Its own keys decide, but do not refuse:
  // user_service may have newer ones.
  absl::StatusOr<auth::Claims> by_disk = disk_tokens_->Verify(token, *purpose);
  return by_disk.ok() ? by_disk : claims;
}

Task<absl::Status> CallerVerifier::RefreshKeysAndRetry(const std::string& token,
                                                       absl::Status refusal) {
  auth::TokenFault fault = auth::TokenFault::kNone;
  const absl::StatusOr<auth::Claims> claims = user_tokens_.VerifyCaller(token, &fault);
  if (claims.ok()) co_return absl::OkStatus();
  // New keys help only if the token's key is unknown, or if no keys are known yet.
  if (fault != auth::TokenFault::kUnknownKey && !absl::IsUnavailable(refusal)) co_return refusal;
  co_return co_await user_keys_.Refresh();
}

}  // namespace vibestack::job_service

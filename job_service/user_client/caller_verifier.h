#ifndef VIBESTACK_JOB_SERVICE_USER_CLIENT_CALLER_VERIFIER_H_
#define VIBESTACK_JOB_SERVICE_USER_CLIENT_CALLER_VERIFIER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/async/task.h"
#include "common/auth/caching_verifier.h"
#include "common/auth/key_ring.h"
#include "job_service/user_client/key_source.h"

namespace vibestack::job_service {

// Verifies the tokens of callers: access and service tokens with user_service's public keys,
// callback tokens with the keys in --keys_dir. While user_service's keys are not known, the keys in
// --keys_dir verify service tokens too, so that workers need no user_service. Its methods are the
// callbacks of rpc::Authenticator. Thread-safe.
class CallerVerifier {
 public:
  // If `callback_keys` is null, callback tokens are verified with user_service's keys only, which
  // refuses them. Both must outlive this.
  CallerVerifier(KeySource& user_keys, const auth::KeyRing* callback_keys);

  // The claims of a valid token. Errors: UNAUTHENTICATED, or UNAVAILABLE while user_service's keys
  // are not known.
  absl::StatusOr<auth::Claims> Verify(const std::string& token);

  // Call this for a token that Verify() refused with `refusal`. Fetches user_service's keys if
  // newer keys may verify the token. OK: call Verify() again. Otherwise the error for the caller.
  Task<absl::Status> RefreshKeysAndRetry(const std::string& token, absl::Status refusal);

 private:
  KeySource& user_keys_;
  auth::CachingVerifier user_tokens_;
  std::unique_ptr<auth::CachingVerifier> disk_tokens_;  // null without callback keys
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_USER_CLIENT_CALLER_VERIFIER_H_

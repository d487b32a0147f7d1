#ifndef VIBESTACK_USER_SERVICE_FLAGS_H_
#define VIBESTACK_USER_SERVICE_FLAGS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/secret.h"
#include "user_service/domain/auth_rate_limits.h"
#include "user_service/domain/sign_ups.h"

// The flags that only user_service has. common/runtime/options.h has the others.
namespace vibestack::user_service {

// The webhook that mails are posted to.
struct WebhookOptions {
  std::string url;  // empty: there is no webhook
  Secret secret;

  bool configured() const { return !url.empty(); }
};

// The flags of the command `serve`. Fields without a comment have the name of their flag.
struct Flags {
  std::string keys_dir;
  int bcrypt_cost = 0;
  int bcrypt_threads = 0;  // 0: one for each core
  int bcrypt_queue = 0;
  absl::Duration access_token_ttl;
  absl::Duration refresh_token_ttl;
  absl::Duration session_ttl;
  AuthRateLimits::Options auth_rate_limits;  // --login_failure...
  WebhookOptions webhook;
  SignUpMode sign_up_mode = SignUpMode::kOpen;
};

// Reads and checks these flags, and reads the file with the webhook's secret. Call it after
// ParseFlags. INVALID_ARGUMENT names the flag that is wrong or missing. The message quotes neither
// the webhook's URL, which may contain a key, nor a secret.
absl::StatusOr<Flags> ReadFlags();

// Single flags, for the other commands. Errors as ReadFlags().
absl::StatusOr<std::string> ReadKeysDir();
absl::StatusOr<int> ReadBcryptCost();
absl::StatusOr<std::string> ReadEmail();               // of create-superuser
absl::StatusOr<std::string> ReadServiceName();         // of issue-service-token
absl::StatusOr<absl::Duration> ReadServiceTokenTtl();  // of issue-service-token

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_FLAGS_H_

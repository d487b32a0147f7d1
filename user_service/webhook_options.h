#ifndef VIBESTACK_USER_SERVICE_WEBHOOK_OPTIONS_H_
#define VIBESTACK_USER_SERVICE_WEBHOOK_OPTIONS_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/base/secret.h"
#include "user_service/domain/sign_ups.h"

namespace vibestack::user_service {

// Where the news for people's mailboxes goes.
struct WebhookOptions {
  std::string url;  // empty: there is none
  Secret secret;

  bool configured() const { return !url.empty(); }
};

// From --webhook_url and the file of --webhook_secret_file, which is read here. INVALID_ARGUMENT
// names the flag that is wrong or missing; neither the URL, which may hold a key, nor the secret is
// quoted.
absl::StatusOr<WebhookOptions> ReadWebhookOptions();

// From --sign_up_mode; INVALID_ARGUMENT, also for `confirmed` without a webhook.
absl::StatusOr<SignUpMode> ReadSignUpMode(const WebhookOptions& webhook);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_WEBHOOK_OPTIONS_H_

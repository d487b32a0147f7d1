#include "user_service/webhook_options.h"

#include <fstream>
#include <iterator>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/strings/ascii.h"
#include "common/http/message.h"

ABSL_FLAG(std::string, webhook_url, "",
          "URL that tokens for people's mailboxes are posted to, for something to mail them; "
          "without it there are no password resets and no confirmed sign-ups.");
ABSL_FLAG(std::string, webhook_secret_file, "",
          "File with the secret, at least 16 characters, by which the webhook knows that a "
          "request is ours.");
ABSL_FLAG(std::string, sign_up_mode, "open",
          "Who may sign up: open (the account exists at once), confirmed (by a mailed token) or "
          "closed (nobody).");

namespace vibestack::user_service {
namespace {

constexpr size_t kMinSecretBytes = 16;

// The file's text without white space around it.
absl::StatusOr<Secret> ReadSecretFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  absl::StripAsciiWhitespace(&text);
  if (!file || text.size() < kMinSecretBytes) {
    return absl::InvalidArgumentError(
        "--webhook_secret_file must be a readable file with a secret of at least 16 characters");
  }
  return Secret(std::move(text));
}

}  // namespace

absl::StatusOr<WebhookOptions> ReadWebhookOptions() {
  WebhookOptions options;
  options.url = absl::GetFlag(FLAGS_webhook_url);
  const std::string secret_file = absl::GetFlag(FLAGS_webhook_secret_file);
  if (options.url.empty() && secret_file.empty()) return options;
  if (options.url.empty()) {
    return absl::InvalidArgumentError("--webhook_secret_file is given without --webhook_url");
  }
  if (!http::IsHttpUrl(options.url)) {
    return absl::InvalidArgumentError(
        "--webhook_url must be a whole http:// or https:// URL without a user or password");
  }
  if (secret_file.empty()) {
    return absl::InvalidArgumentError("--webhook_url needs --webhook_secret_file");
  }
  absl::StatusOr<Secret> secret = ReadSecretFile(secret_file);
  if (!secret.ok()) return secret.status();
  options.secret = *std::move(secret);
  return options;
}

absl::StatusOr<SignUpMode> ReadSignUpMode(const WebhookOptions& webhook) {
  const std::string mode = absl::GetFlag(FLAGS_sign_up_mode);
  if (mode == "open") return SignUpMode::kOpen;
  if (mode == "closed") return SignUpMode::kClosed;
  if (mode != "confirmed") {
    return absl::InvalidArgumentError("--sign_up_mode must be open, confirmed or closed");
  }
  if (!webhook.configured()) {
    return absl::InvalidArgumentError("--sign_up_mode=confirmed needs --webhook_url");
  }
  return SignUpMode::kConfirmed;
}

}  // namespace vibestack::user_service

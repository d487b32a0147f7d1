#include "user_service/flags.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "common/auth/bcrypt.h"
#include "common/auth/token.h"
#include "common/config/checks.h"
#include "common/config/flag.h"
#include "common/config/secret_file.h"
#include "common/http/message.h"
#include "user_service/domain/input_rules.h"

VIBESTACK_REQUIRED_FLAG(kTokens, std::string, keys_dir,
                        "Directory with the signing keys (<kid>.pem) and fingerprint.secret. The "
                        "command create-keys fills it. The service sees added and removed keys "
                        "within seconds.");
VIBESTACK_FLAG(kTokens, absl::Duration, access_token_ttl, absl::Minutes(15),
               "Lifetime of access tokens. 1s to 8760h.");
VIBESTACK_FLAG(kTokens, absl::Duration, refresh_token_ttl, absl::Hours(720),
               "Lifetime of refresh tokens. 1s to 8760h.");
VIBESTACK_FLAG(kTokens, absl::Duration, session_ttl, absl::Hours(720),
               "Lifetime of a session from the log-in, however often it is refreshed. 1s to "
               "87600h.");
VIBESTACK_FLAG(kPasswords, int32_t, bcrypt_cost, 12, "Cost of new password hashes. 4 to 16.");
VIBESTACK_FLAG(kPasswords, int32_t, bcrypt_threads, 0,
               "Threads that hash passwords. 0 means one for each core. 0 to 1024.");
VIBESTACK_FLAG(kPasswords, int32_t, bcrypt_queue, 256,
               "Passwords that may wait to be hashed. 1 to 1000000.");
VIBESTACK_FLAG(kRateLimits, int32_t, login_failures_per_account_and_address, 10,
               "Wrong passwords allowed for one account from one address in "
               "--login_failure_window. 1 to 1000000.");
VIBESTACK_FLAG(
    kRateLimits, int32_t, login_failures_per_address, 100,
    "Wrong passwords and tokens allowed from one address in --login_failure_window. 1 to "
    "1000000.");
VIBESTACK_FLAG(
    kRateLimits, int32_t, login_failures_per_account, 100,
    "Wrong passwords allowed for one account from all addresses in --login_failure_window. After "
    "that, only addresses without a failure on the account may try. 1 to 1000000.");
VIBESTACK_FLAG(kRateLimits, absl::Duration, login_failure_window, absl::Minutes(10),
               "Window over which failures decay linearly. 1s to 24h.");
VIBESTACK_FLAG(kMail, std::string, webhook_url, "",
               "URL of the program that mails tokens to people. The service posts the tokens "
               "there. Without it there are no password resets and no confirmed sign-ups.");
VIBESTACK_FLAG(kMail, std::string, webhook_secret_file, "",
               "File with the secret that signs requests to --webhook_url, at least 16 "
               "characters.");
VIBESTACK_FLAG(kMail, std::string, sign_up_mode, "open",
               "Who may sign up: open (the account exists at once), confirmed (the person must "
               "confirm a mailed token) or closed (nobody).");
VIBESTACK_FLAG(kCommands, std::string, email, "", "create-superuser: the account's email.");
VIBESTACK_FLAG(kCommands, std::string, name, "", "issue-service-token: the service's name.");
VIBESTACK_FLAG(kCommands, absl::Duration, ttl, absl::Hours(8760),
               "issue-service-token: the token's lifetime. 1s to 87600h.");

namespace vibestack::user_service {
namespace {

constexpr int kMillion = 1'000'000;
constexpr size_t kMinWebhookSecretBytes = 16;

absl::Status CheckFlags(const Flags& flags) {
  constexpr absl::Duration kSecond = absl::Seconds(1);
  constexpr absl::Duration kYear = absl::Hours(8760);
  const AuthRateLimits::Options& limits = flags.auth_rate_limits;
  return FirstError({
      CheckRange("bcrypt_threads", flags.bcrypt_threads, 0, 1'024),
      CheckRange("bcrypt_queue", flags.bcrypt_queue, 1, kMillion),
      CheckRange("access_token_ttl", flags.access_token_ttl, kSecond, kYear),
      CheckRange("refresh_token_ttl", flags.refresh_token_ttl, kSecond, kYear),
      CheckRange("session_ttl", flags.session_ttl, kSecond, 10 * kYear),
      CheckRange("login_failures_per_account_and_address", limits.per_account_and_address, 1,
                 kMillion),
      CheckRange("login_failures_per_address", limits.per_address, 1, kMillion),
      CheckRange("login_failures_per_account", limits.per_account, 1, kMillion),
      CheckRange("login_failure_window", limits.window, kSecond, absl::Hours(24)),
  });
}

absl::StatusOr<WebhookOptions> ReadWebhook() {
  WebhookOptions options;
  options.url = absl::GetFlag(FLAGS_webhook_url);
  const std::string secret_file = absl::GetFlag(FLAGS_webhook_secret_file);
  if (options.url.empty() && secret_file.empty()) return options;
  if (options.url.empty()) {
    return absl::InvalidArgumentError("--webhook_secret_file needs --webhook_url");
  }
  if (!http::IsHttpUrl(options.url)) {
    return absl::InvalidArgumentError(
        "--webhook_url must be an absolute http:// or https:// URL without a user or password");
  }
  if (secret_file.empty()) {
    return absl::InvalidArgumentError("--webhook_url needs --webhook_secret_file");
  }
  absl::StatusOr<Secret> secret =
      ReadSecretFile("webhook_secret_file", secret_file, kMinWebhookSecretBytes);
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

}  // namespace

absl::StatusOr<Flags> ReadFlags() {
  Flags flags;
  const absl::StatusOr<std::string> keys_dir = ReadKeysDir();
  if (!keys_dir.ok()) return keys_dir.status();
  const absl::StatusOr<int> cost = ReadBcryptCost();
  if (!cost.ok()) return cost.status();
  flags.keys_dir = *keys_dir;
  flags.bcrypt_cost = *cost;
  flags.bcrypt_threads = absl::GetFlag(FLAGS_bcrypt_threads);
  flags.bcrypt_queue = absl::GetFlag(FLAGS_bcrypt_queue);
  flags.access_token_ttl = absl::GetFlag(FLAGS_access_token_ttl);
  flags.refresh_token_ttl = absl::GetFlag(FLAGS_refresh_token_ttl);
  flags.session_ttl = absl::GetFlag(FLAGS_session_ttl);
  AuthRateLimits::Options& limits = flags.auth_rate_limits;
  limits.per_account_and_address = absl::GetFlag(FLAGS_login_failures_per_account_and_address);
  limits.per_address = absl::GetFlag(FLAGS_login_failures_per_address);
  limits.per_account = absl::GetFlag(FLAGS_login_failures_per_account);
  limits.window = absl::GetFlag(FLAGS_login_failure_window);
  if (absl::Status status = CheckFlags(flags); !status.ok()) return status;
  absl::StatusOr<WebhookOptions> webhook = ReadWebhook();
  if (!webhook.ok()) return webhook.status();
  const absl::StatusOr<SignUpMode> mode = ReadSignUpMode(*webhook);
  if (!mode.ok()) return mode.status();
  flags.webhook = *std::move(webhook);
  flags.sign_up_mode = *mode;
  return flags;
}

absl::StatusOr<std::string> ReadKeysDir() {
  std::string directory = absl::GetFlag(FLAGS_keys_dir);
  const absl::Status given = CheckNotEmpty("keys_dir", directory);
  if (!given.ok()) return given;
  return directory;
}

absl::StatusOr<int> ReadBcryptCost() {
  const int cost = absl::GetFlag(FLAGS_bcrypt_cost);
  const absl::Status checked =
      CheckRange("bcrypt_cost", cost, auth::kMinBcryptCost, auth::kMaxBcryptCost);
  if (!checked.ok()) return checked;
  return cost;
}

absl::StatusOr<std::string> ReadEmail() {
  std::string email = absl::GetFlag(FLAGS_email);
  const std::optional<std::string> problem = EmailProblem(email);
  if (problem.has_value()) return absl::InvalidArgumentError("--email " + *problem);
  return email;
}

absl::StatusOr<std::string> ReadServiceName() {
  std::string name = absl::GetFlag(FLAGS_name);
  if (auth::IsServiceName(name)) return name;
  return absl::InvalidArgumentError(
      "--name must be 1 to 100 of lower-case letters, digits, `.`, `_` and `-`, the first a letter "
      "or digit");
}

absl::StatusOr<absl::Duration> ReadServiceTokenTtl() {
  const absl::Duration ttl = absl::GetFlag(FLAGS_ttl);
  const absl::Status checked = CheckRange("ttl", ttl, absl::Seconds(1), absl::Hours(87'600));
  if (!checked.ok()) return checked;
  return ttl;
}

}  // namespace vibestack::user_service

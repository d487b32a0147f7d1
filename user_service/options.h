#ifndef VIBESTACK_USER_SERVICE_OPTIONS_H_
#define VIBESTACK_USER_SERVICE_OPTIONS_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/rpc/ip_address.h"
#include "common/tls/config.h"
#include "user_service/domain/auth_rate_limits.h"
#include "user_service/webhook_options.h"

namespace vibestack::user_service {

// What the flags say, checked. Which flag a field is from, its name says; --help tells the rest.
struct Options {
  std::string database_url;
  std::string keys_dir;
  std::string grpc_address;
  std::string health_address;
  std::string metrics_address;
  std::string port_file;
  absl::Duration shutdown_grace;
  int database_connections;
  int batch_max_rows;
  int batch_in_flight;
  int batch_queue;
  int bcrypt_cost;
  int bcrypt_threads;
  int bcrypt_queue;
  absl::Duration access_token_ttl;
  absl::Duration refresh_token_ttl;
  // Of serve.
  std::optional<tls::Config> tls;
  rpc::IpNetworks trusted_proxies;
  AuthRateLimits::Options auth_rate_limits;
  WebhookOptions webhook;
  SignUpMode sign_up_mode;
};

// What a command needs besides its own arguments. INVALID_ARGUMENT names the flag, so each command
// checks only what it uses.
absl::StatusOr<Options> ReadServeOptions();
absl::StatusOr<Options> ReadDatabaseOptions();  // of create-superuser
absl::StatusOr<Options> ReadKeysOptions();      // of create-keys and issue-service-token

// Flags of single commands.
std::string EmailFlag();
std::string NameFlag();
absl::Duration TtlFlag();

// Applies --log_level; INVALID_ARGUMENT.
absl::Status ApplyLogLevel();

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_OPTIONS_H_

#include "user_service/options.h"

#include <utility>

#include "absl/flags/flag.h"
#include "common/auth/bcrypt.h"
#include "common/config/checks.h"
#include "common/rpc/connection_age.h"
#include "common/telemetry/log.h"
#include "user_service/auth_rate_limit_options.h"

ABSL_FLAG(std::string, database_url, "",
          "postgresql:// URL or libpq keywords of the database. A credential: better given as "
          "DATABASE_URL than on the command line.");
ABSL_FLAG(std::string, keys_dir, "",
          "Directory with the signing keys (<kid>.pem) and fingerprint.secret; create-keys fills "
          "it. Keys that are added or removed count within seconds.");
ABSL_FLAG(std::string, grpc_address, "127.0.0.1:50051", "host:port to serve gRPC on; 0 is any.");
ABSL_FLAG(std::string, health_address, "",
          "host:port to serve grpc.health.v1 alone on, in plaintext, for probes that can neither "
          "do TLS nor show a certificate.");
ABSL_FLAG(std::string, metrics_address, "127.0.0.1:9464",
          "host:port to serve Prometheus metrics on; 0 is any.");
ABSL_FLAG(std::string, port_file, "",
          "Where to write the ports once they are open, as lines grpc=PORT, metrics=PORT and "
          "health=PORT.");
ABSL_FLAG(
    std::string, trusted_proxies, "",
    "Networks of the proxies in front, such as 10.0.0.0/8,2001:db8::/32: their x-forwarded-for "
    "says where a call comes from.");
ABSL_FLAG(std::string, log_level, "info", "Lowest level to log: debug, info, warning or error.");
ABSL_FLAG(absl::Duration, shutdown_grace, absl::Seconds(20),
          "How long calls under way may take after SIGTERM.");
ABSL_FLAG(int32_t, database_connections, 8, "Connections to the database.");
ABSL_FLAG(int32_t, batch_max_rows, 500, "Rows that one coalesced statement handles at most.");
ABSL_FLAG(int32_t, batch_in_flight, 2, "Coalesced statements of one kind under way at once.");
ABSL_FLAG(int32_t, batch_queue, 10000, "Calls of one kind that may wait for their statement.");
ABSL_FLAG(int32_t, bcrypt_cost, 12, "Cost of new password hashes, 4 to 16.");
ABSL_FLAG(int32_t, bcrypt_threads, 0, "Threads that hash passwords; 0 is one for each core.");
ABSL_FLAG(int32_t, bcrypt_queue, 256, "Passwords that may wait to be hashed.");
ABSL_FLAG(absl::Duration, access_token_ttl, absl::Minutes(15), "Life of access tokens.");
ABSL_FLAG(absl::Duration, refresh_token_ttl, absl::Hours(720), "Life of refresh tokens.");
ABSL_FLAG(std::string, email, "", "create-superuser: the account's email.");
ABSL_FLAG(std::string, name, "", "issue-service-token: the service's name.");
ABSL_FLAG(absl::Duration, ttl, absl::Hours(8760),
          "issue-service-token: life of the token, up to 87600h.");

namespace vibestack::user_service {
namespace {

Options Read() {
  return {.database_url = absl::GetFlag(FLAGS_database_url),
          .keys_dir = absl::GetFlag(FLAGS_keys_dir),
          .grpc_address = absl::GetFlag(FLAGS_grpc_address),
          .health_address = absl::GetFlag(FLAGS_health_address),
          .metrics_address = absl::GetFlag(FLAGS_metrics_address),
          .port_file = absl::GetFlag(FLAGS_port_file),
          .shutdown_grace = absl::GetFlag(FLAGS_shutdown_grace),
          .database_connections = absl::GetFlag(FLAGS_database_connections),
          .batch_max_rows = absl::GetFlag(FLAGS_batch_max_rows),
          .batch_in_flight = absl::GetFlag(FLAGS_batch_in_flight),
          .batch_queue = absl::GetFlag(FLAGS_batch_queue),
          .bcrypt_cost = absl::GetFlag(FLAGS_bcrypt_cost),
          .bcrypt_threads = absl::GetFlag(FLAGS_bcrypt_threads),
          .bcrypt_queue = absl::GetFlag(FLAGS_bcrypt_queue),
          .access_token_ttl = absl::GetFlag(FLAGS_access_token_ttl),
          .refresh_token_ttl = absl::GetFlag(FLAGS_refresh_token_ttl),
          .tls = {},
          .trusted_proxies = {},
          .auth_rate_limits = {},
          .webhook = {},
          .sign_up_mode = SignUpMode::kOpen};
}

// The options if every check passed, else the first refusal.
absl::StatusOr<Options> Checked(Options options, std::initializer_list<absl::Status> checks) {
  for (const absl::Status& check : checks) {
    if (!check.ok()) return check;
  }
  return options;
}

absl::StatusOr<rpc::IpNetworks> ReadProxies() {
  auto proxies = rpc::IpNetworks::Parse(absl::GetFlag(FLAGS_trusted_proxies));
  if (proxies.ok()) return proxies;
  return absl::InvalidArgumentError("--trusted_proxies: " +
                                    std::string(proxies.status().message()));
}

absl::Status CheckCost(const Options& o) {
  return CheckRange("bcrypt_cost", o.bcrypt_cost, auth::kMinBcryptCost, auth::kMaxBcryptCost);
}

// What needs nothing but the flags themselves.
absl::StatusOr<Options> CheckedForServe(const Options& o) {
  constexpr absl::Duration kSecond = absl::Seconds(1);
  constexpr absl::Duration kYear = absl::Hours(8760);
  return Checked(
      o, {CheckGiven("database_url", o.database_url), CheckGiven("keys_dir", o.keys_dir),
          CheckAddress("grpc_address", o.grpc_address),
          CheckAddress("metrics_address", o.metrics_address),
          CheckOptionalAddress("health_address", o.health_address), rpc::CheckConnectionAge(),
          CheckRange("shutdown_grace", o.shutdown_grace, kSecond, absl::Hours(1)),
          CheckRange("database_connections", o.database_connections, 1, 1000),
          CheckRange("batch_max_rows", o.batch_max_rows, 1, 10000),
          CheckRange("batch_in_flight", o.batch_in_flight, 1, 64),
          CheckPositive("batch_queue", o.batch_queue), CheckCost(o),
          CheckRange("bcrypt_threads", o.bcrypt_threads, 0, 1024),
          CheckPositive("bcrypt_queue", o.bcrypt_queue),
          CheckRange("access_token_ttl", o.access_token_ttl, kSecond, kYear),
          CheckRange("refresh_token_ttl", o.refresh_token_ttl, kSecond, kYear)});
}

}  // namespace

absl::StatusOr<Options> ReadServeOptions() {
  absl::StatusOr<Options> options = CheckedForServe(Read());
  if (!options.ok()) return options;
  absl::StatusOr<std::optional<tls::Config>> tls = tls::ReadServerConfig();
  if (!tls.ok()) return tls.status();
  absl::StatusOr<rpc::IpNetworks> proxies = ReadProxies();
  if (!proxies.ok()) return proxies.status();
  const absl::StatusOr<AuthRateLimits::Options> auth_rate_limits = ReadAuthRateLimitOptions();
  if (!auth_rate_limits.ok()) return auth_rate_limits.status();
  absl::StatusOr<WebhookOptions> webhook = ReadWebhookOptions();
  if (!webhook.ok()) return webhook.status();
  const absl::StatusOr<SignUpMode> mode = ReadSignUpMode(*webhook);
  if (!mode.ok()) return mode.status();
  options->tls = *std::move(tls);
  options->trusted_proxies = *std::move(proxies);
  options->auth_rate_limits = *auth_rate_limits;
  options->webhook = *std::move(webhook);
  options->sign_up_mode = *mode;
  return options;
}

absl::StatusOr<Options> ReadDatabaseOptions() {
  const Options o = Read();
  return Checked(o, {CheckGiven("database_url", o.database_url), CheckCost(o)});
}

absl::StatusOr<Options> ReadKeysOptions() {
  const Options o = Read();
  return Checked(o, {CheckGiven("keys_dir", o.keys_dir)});
}

std::string EmailFlag() { return absl::GetFlag(FLAGS_email); }
std::string NameFlag() { return absl::GetFlag(FLAGS_name); }
absl::Duration TtlFlag() { return absl::GetFlag(FLAGS_ttl); }

absl::Status ApplyLogLevel() { return SetLogLevel(absl::GetFlag(FLAGS_log_level)); }

}  // namespace vibestack::user_service

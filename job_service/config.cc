#include "job_service/config.h"

#include <fstream>
#include <initializer_list>
#include <iterator>

#include "absl/flags/flag.h"
#include "absl/strings/ascii.h"
#include "common/config/checks.h"
#include "common/rpc/connection_age.h"

ABSL_FLAG(std::string, database_url, "",
          "PostgreSQL: a postgresql:// URL or libpq keywords; required");
ABSL_FLAG(std::string, grpc_address, "127.0.0.1:50052",
          "where gRPC listens; port 0 picks a free one");
ABSL_FLAG(std::string, health_address, "",
          "where grpc.health.v1 alone is served too, in plaintext, for probes that can neither do "
          "TLS nor show a certificate");
ABSL_FLAG(std::string, metrics_address, "127.0.0.1:9465",
          "where Prometheus finds /metrics; port 0 picks a free one");
ABSL_FLAG(std::string, log_level, "info", "debug, info, warning or error");
ABSL_FLAG(std::string, port_file, "",
          "a file that gets the ports as `grpc=PORT`, `metrics=PORT` and `health=PORT` once the "
          "service listens");
ABSL_FLAG(
    std::string, trusted_proxies, "",
    "networks of the proxies in front, such as 10.0.0.0/8,2001:db8::/32: their x-forwarded-for "
    "says where a call comes from");
ABSL_FLAG(int, database_connections, 8, "connections to PostgreSQL");
ABSL_FLAG(int, batch_max_rows, 500, "calls of one kind in one statement at most");
ABSL_FLAG(int, batch_in_flight, 2, "statements of one kind at once");
ABSL_FLAG(int, batch_queue, 10'000, "calls of one kind that may wait");
ABSL_FLAG(absl::Duration, shutdown_grace, absl::Seconds(20),
          "how long calls under way may take when the service stops");
ABSL_FLAG(std::string, user_service_address, "127.0.0.1:50051", "user_service's gRPC");
ABSL_FLAG(std::string, user_service_tls_ca, "",
          "a PEM file with the authorities of user_service's certificate; with it, and only with "
          "it, user_service is called over TLS, and its name must be in the certificate");
ABSL_FLAG(std::string, user_service_tls_cert, "",
          "a PEM file with the certificate to show to user_service, and those between it and its "
          "authority");
ABSL_FLAG(std::string, user_service_tls_key, "",
          "a PEM file with the private key of --user_service_tls_cert");
ABSL_FLAG(std::string, service_token_file, "",
          "a file with a token of `user_service issue-service-token`; required");
ABSL_FLAG(absl::Duration, lease_duration, absl::Seconds(60),
          "how long a worker keeps a job without a heartbeat");
ABSL_FLAG(absl::Duration, sweep_interval, absl::Seconds(1),
          "how often leases that ran out, and jobs to delete, are looked for");
ABSL_FLAG(absl::Duration, retention, absl::ZeroDuration(),
          "how long after their end jobs are deleted; 0 keeps them for ever");
ABSL_FLAG(absl::Duration, poll_interval, absl::Seconds(5),
          "how often a waiting call looks for itself, in case a notification was lost");
ABSL_FLAG(absl::Duration, owner_ttl, absl::Seconds(1),
          "how long user_service's answer about a user counts");
ABSL_FLAG(absl::Duration, owner_stale, absl::Seconds(10),
          "how long it may serve while user_service is away");

namespace vibestack::job_service {
namespace {

absl::Status FirstError(std::initializer_list<absl::Status> checks) {
  for (const absl::Status& check : checks) {
    if (!check.ok()) return check;
  }
  return absl::OkStatus();
}

absl::Status CheckFlags() {
  constexpr absl::Duration kDay = absl::Hours(24);
  const absl::Duration tick = absl::Milliseconds(10);
  return FirstError({
      CheckGiven("database_url", absl::GetFlag(FLAGS_database_url)),
      CheckAddress("grpc_address", absl::GetFlag(FLAGS_grpc_address)),
      CheckAddress("metrics_address", absl::GetFlag(FLAGS_metrics_address)),
      CheckOptionalAddress("health_address", absl::GetFlag(FLAGS_health_address)),
      CheckRange("database_connections", absl::GetFlag(FLAGS_database_connections), 1, 256),
      CheckRange("batch_max_rows", absl::GetFlag(FLAGS_batch_max_rows), 1, 10'000),
      CheckRange("batch_in_flight", absl::GetFlag(FLAGS_batch_in_flight), 1, 64),
      CheckRange("batch_queue", absl::GetFlag(FLAGS_batch_queue), 1, 1'000'000),
      CheckRange("shutdown_grace", absl::GetFlag(FLAGS_shutdown_grace), absl::ZeroDuration(),
                 absl::Hours(1)),
      rpc::CheckConnectionAge(),
      CheckGiven("user_service_address", absl::GetFlag(FLAGS_user_service_address)),
      CheckGiven("service_token_file", absl::GetFlag(FLAGS_service_token_file)),
      CheckRange("lease_duration", absl::GetFlag(FLAGS_lease_duration), tick, kDay),
      CheckRange("sweep_interval", absl::GetFlag(FLAGS_sweep_interval), tick, kDay),
      CheckRange("retention", absl::GetFlag(FLAGS_retention), absl::ZeroDuration(), 36'500 * kDay),
      CheckRange("poll_interval", absl::GetFlag(FLAGS_poll_interval), tick, kDay),
      // A ban holds within a second.
      CheckRange("owner_ttl", absl::GetFlag(FLAGS_owner_ttl), absl::ZeroDuration(),
                 absl::Seconds(1)),
      CheckRange("owner_stale", absl::GetFlag(FLAGS_owner_stale), absl::ZeroDuration(),
                 absl::Minutes(5)),
  });
}

absl::StatusOr<Secret> ReadToken(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  absl::StripAsciiWhitespace(&text);
  if (!file || text.empty()) {
    return absl::InvalidArgumentError(
        "--service_token_file must be a readable file with a service token");
  }
  for (const char c : text) {
    if (absl::ascii_isgraph(static_cast<unsigned char>(c))) continue;
    return absl::InvalidArgumentError("--service_token_file holds something else than one token");
  }
  return Secret(std::move(text));
}

// Both sides of TLS: our port, and calls of user_service.
absl::Status ReadTls(Config& config) {
  absl::StatusOr<std::optional<tls::Config>> server = tls::ReadServerConfig();
  if (!server.ok()) return server.status();
  absl::StatusOr<std::optional<tls::Config>> client = tls::ReadClientConfig(
      {.certificate = {"user_service_tls_cert", absl::GetFlag(FLAGS_user_service_tls_cert)},
       .key = {"user_service_tls_key", absl::GetFlag(FLAGS_user_service_tls_key)},
       .authorities = {"user_service_tls_ca", absl::GetFlag(FLAGS_user_service_tls_ca)}});
  if (!client.ok()) return client.status();
  config.tls = *std::move(server);
  config.user_service_tls = *std::move(client);
  return absl::OkStatus();
}

CoalescerOptions Batches() {
  CoalescerOptions batches;
  batches.max_batch = static_cast<size_t>(absl::GetFlag(FLAGS_batch_max_rows));
  batches.max_in_flight = absl::GetFlag(FLAGS_batch_in_flight);
  batches.max_queued = static_cast<size_t>(absl::GetFlag(FLAGS_batch_queue));
  return batches;
}

}  // namespace

absl::StatusOr<Config> ReadConfig() {
  const absl::Status checked = CheckFlags();
  if (!checked.ok()) return checked;
  absl::StatusOr<Secret> token = ReadToken(absl::GetFlag(FLAGS_service_token_file));
  if (!token.ok()) return token.status();
  absl::StatusOr<rpc::IpNetworks> proxies =
      rpc::IpNetworks::Parse(absl::GetFlag(FLAGS_trusted_proxies));
  if (!proxies.ok()) {
    return absl::InvalidArgumentError("--trusted_proxies: " +
                                      std::string(proxies.status().message()));
  }
  Config config;
  const absl::Status tls = ReadTls(config);
  if (!tls.ok()) return tls;
  config.trusted_proxies = *std::move(proxies);
  config.database_url = Secret(absl::GetFlag(FLAGS_database_url));
  config.grpc_address = absl::GetFlag(FLAGS_grpc_address);
  config.health_address = absl::GetFlag(FLAGS_health_address);
  config.metrics_address = absl::GetFlag(FLAGS_metrics_address);
  config.log_level = absl::GetFlag(FLAGS_log_level);
  config.port_file = absl::GetFlag(FLAGS_port_file);
  config.database_connections = absl::GetFlag(FLAGS_database_connections);
  config.batches = Batches();
  config.shutdown_grace = absl::GetFlag(FLAGS_shutdown_grace);
  config.user_service_address = absl::GetFlag(FLAGS_user_service_address);
  config.service_token = *std::move(token);
  config.lease_duration = absl::GetFlag(FLAGS_lease_duration);
  config.sweep_interval = absl::GetFlag(FLAGS_sweep_interval);
  config.retention = absl::GetFlag(FLAGS_retention);
  config.poll_interval = absl::GetFlag(FLAGS_poll_interval);
  config.owner_ttl = absl::GetFlag(FLAGS_owner_ttl);
  config.owner_stale = absl::GetFlag(FLAGS_owner_stale);
  return config;
}

}  // namespace vibestack::job_service

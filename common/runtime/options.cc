#include "common/runtime/options.h"

#include <cstdint>
#include <utility>

#include "common/config/checks.h"
#include "common/config/flag.h"
#include "common/rpc/connection_age.h"
#include "common/telemetry/log.h"

VIBESTACK_FLAG(kServing, std::string, grpc_address, "127.0.0.1:0",
               "Address to serve gRPC on, as host:port. Port 0 picks a free port.");
VIBESTACK_FLAG(kServing, std::string, health_address, "",
               "Address to serve only grpc.health.v1 on, in plaintext, as host:port. For probes "
               "that cannot use TLS or show a certificate.");
VIBESTACK_FLAG(kServing, std::string, metrics_address, "127.0.0.1:0",
               "Address to serve Prometheus metrics on (/metrics), as host:port. Port 0 picks a "
               "free port.");
VIBESTACK_FLAG(kServing, std::string, port_file, "",
               "File to write the ports to once the service listens, as lines grpc=PORT, "
               "metrics=PORT and health=PORT.");
VIBESTACK_FLAG(kServing, std::string, trusted_proxies, "",
               "Networks of trusted proxies, such as 10.0.0.0/8,2001:db8::/32. The service trusts "
               "x-forwarded-for only from these.");
VIBESTACK_FLAG(kServing, absl::Duration, shutdown_grace, absl::Seconds(20),
               "How long calls in flight may take after SIGTERM. 0s to 1h.");
VIBESTACK_REQUIRED_FLAG(kDatabase, std::string, database_url,
                        "The PostgreSQL database, as a postgresql:// URL or libpq keywords. It may "
                        "hold a password: prefer the environment to the command line.");
VIBESTACK_FLAG(kDatabase, int32_t, database_connections, 8,
               "Connections to the database, and to the standby if there is one. 1 to 1000.");
VIBESTACK_FLAG(kBatches, int32_t, batch_max_rows, 500,
               "Largest number of calls that share one SQL statement. 1 to 10000.");
VIBESTACK_FLAG(kBatches, int32_t, batch_in_flight, 2,
               "Statements of one kind that may run at the same time. 1 to 64.");
VIBESTACK_FLAG(kBatches, int32_t, batch_queue, 10'000,
               "Calls of one kind that may wait for a statement. The service refuses more with "
               "RESOURCE_EXHAUSTED. 1 to 1000000.");
VIBESTACK_FLAG(kLoggingAndTracing, std::string, log_level, "info",
               "Lowest level to log: debug, info, warning or error.");

namespace vibestack::runtime {
namespace {

absl::Status CheckFlags(const Options& options) {
  return FirstError({
      CheckNotEmpty("database_url", options.database_url.Reveal()),
      CheckAddress("grpc_address", options.grpc_address),
      CheckAddress("metrics_address", options.metrics_address),
      CheckOptionalAddress("health_address", options.health_address),
      rpc::CheckConnectionAge(),
      CheckRange("shutdown_grace", options.shutdown_grace, absl::ZeroDuration(), absl::Hours(1)),
      CheckRange("database_connections", options.database_connections, 1, 1'000),
      CheckRange("batch_max_rows", options.batch_max_rows, 1, 10'000),
      CheckRange("batch_in_flight", options.batch_in_flight, 1, 64),
      CheckRange("batch_queue", options.batch_queue, 1, 1'000'000),
  });
}

absl::StatusOr<rpc::IpNetworks> ReadProxies() {
  absl::StatusOr<rpc::IpNetworks> proxies =
      rpc::IpNetworks::Parse(absl::GetFlag(FLAGS_trusted_proxies));
  if (proxies.ok()) return proxies;
  return absl::InvalidArgumentError("--trusted_proxies: " +
                                    std::string(proxies.status().message()));
}

}  // namespace

absl::StatusOr<Options> ReadOptions() {
  Options options;
  options.database_url = Secret(absl::GetFlag(FLAGS_database_url));
  options.grpc_address = absl::GetFlag(FLAGS_grpc_address);
  options.health_address = absl::GetFlag(FLAGS_health_address);
  options.metrics_address = absl::GetFlag(FLAGS_metrics_address);
  options.port_file = absl::GetFlag(FLAGS_port_file);
  options.database_connections = absl::GetFlag(FLAGS_database_connections);
  options.batch_max_rows = absl::GetFlag(FLAGS_batch_max_rows);
  options.batch_in_flight = absl::GetFlag(FLAGS_batch_in_flight);
  options.batch_queue = absl::GetFlag(FLAGS_batch_queue);
  options.shutdown_grace = absl::GetFlag(FLAGS_shutdown_grace);
  if (absl::Status status = CheckFlags(options); !status.ok()) return status;
  absl::StatusOr<std::optional<tls::Config>> tls = tls::ReadServerConfig();
  if (!tls.ok()) return tls.status();
  absl::StatusOr<rpc::IpNetworks> proxies = ReadProxies();
  if (!proxies.ok()) return proxies.status();
  absl::StatusOr<TracingOptions> tracing = ReadTracingFlags();
  if (!tracing.ok()) return tracing.status();
  options.tls = *std::move(tls);
  options.trusted_proxies = *std::move(proxies);
  options.tracing = *std::move(tracing);
  return options;
}

CoalescerOptions BatchOptions(const Options& options) {
  CoalescerOptions batches;
  batches.max_batch = static_cast<size_t>(options.batch_max_rows);
  batches.max_in_flight = options.batch_in_flight;
  batches.max_queued = static_cast<size_t>(options.batch_queue);
  return batches;
}

absl::StatusOr<Secret> ReadDatabaseUrl() {
  Secret url(absl::GetFlag(FLAGS_database_url));
  const absl::Status given = CheckNotEmpty("database_url", url.Reveal());
  if (!given.ok()) return given;
  return url;
}

absl::Status ApplyLogLevel() { return SetLogLevel(absl::GetFlag(FLAGS_log_level)); }

}  // namespace vibestack::runtime

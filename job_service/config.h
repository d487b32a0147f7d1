#ifndef VIBESTACK_JOB_SERVICE_CONFIG_H_
#define VIBESTACK_JOB_SERVICE_CONFIG_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/coalescer.h"
#include "common/base/secret.h"
#include "common/rpc/ip_address.h"
#include "common/tls/config.h"

namespace vibestack::job_service {

// What the flags say, checked.
struct Config {
  Secret database_url;
  std::string grpc_address;
  std::optional<tls::Config> tls;
  std::string health_address;
  std::string metrics_address;
  std::string log_level;
  std::string port_file;
  rpc::IpNetworks trusted_proxies;
  int database_connections = 0;
  CoalescerOptions batches;
  absl::Duration shutdown_grace;
  std::string user_service_address;
  std::optional<tls::Config> user_service_tls;
  Secret service_token;
  absl::Duration lease_duration;
  absl::Duration sweep_interval;
  absl::Duration retention;  // Zero for ever.
  absl::Duration poll_interval;
  absl::Duration owner_ttl;
  absl::Duration owner_stale;
};

// Reads the flags after ParseFlags, and the file with the service token. INVALID_ARGUMENT names the
// flag that is wrong.
absl::StatusOr<Config> ReadConfig();

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_CONFIG_H_

#ifndef VIBESTACK_COMMON_RUNTIME_OPTIONS_H_
#define VIBESTACK_COMMON_RUNTIME_OPTIONS_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/coalescer.h"
#include "common/base/secret.h"
#include "common/rpc/ip_address.h"
#include "common/telemetry/tracing.h"
#include "common/tls/config.h"

// The flags that every service has. Each is defined once, here or in the library that uses it, with
// one range for all services. A service sets its own defaults (such as its port) in
// Program::defaults.
namespace vibestack::runtime {

// The values of these flags, checked. Each field has the name of its flag.
struct Options {
  Secret database_url;
  std::string grpc_address;
  std::string health_address;  // empty: there is no plaintext health port
  std::string metrics_address;
  std::string port_file;           // empty: the service writes none
  std::optional<tls::Config> tls;  // none: the service serves plaintext
  rpc::IpNetworks trusted_proxies;
  int database_connections = 0;
  int batch_max_rows = 0;
  int batch_in_flight = 0;
  int batch_queue = 0;
  absl::Duration shutdown_grace;
  TracingOptions tracing;
};

// Reads and checks these flags after ParseFlags, and reads the certificates that they name.
// INVALID_ARGUMENT names the flag that is wrong.
absl::StatusOr<Options> ReadOptions();

// The --batch_... flags as options of a coalescer.
CoalescerOptions BatchOptions(const Options& options);

// --database_url alone, for a command that does not serve. INVALID_ARGUMENT when it is empty.
absl::StatusOr<Secret> ReadDatabaseUrl();

// Applies --log_level. INVALID_ARGUMENT names the flag.
absl::Status ApplyLogLevel();

}  // namespace vibestack::runtime

#endif  // VIBESTACK_COMMON_RUNTIME_OPTIONS_H_

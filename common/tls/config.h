#ifndef VIBESTACK_COMMON_TLS_CONFIG_H_
#define VIBESTACK_COMMON_TLS_CONFIG_H_

#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/tls/material.h"

namespace vibestack::tls {

// The TLS configuration of one side of a connection, from the flags.
struct Config {
  Files files;
  Material material;      // their contents at the start
  absl::Duration reload;  // the longest time until changed files are in use
};

// Reads the configuration of the service's own port from --tls_cert, --tls_key, --tls_client_ca and
// --tls_reload; nothing without a certificate. INVALID_ARGUMENT as ReadMaterial, and for
// --tls_client_ca without --tls_cert.
absl::StatusOr<std::optional<Config>> ReadServerConfig();

// Reads the configuration for connections to a peer whose certificate `files.authorities` signed;
// nothing when no file is given. `files.certificate` and `files.key` are the client certificate of
// this service, if any. --tls_reload applies here too. INVALID_ARGUMENT as ReadMaterial.
absl::StatusOr<std::optional<Config>> ReadClientConfig(Files files);

}  // namespace vibestack::tls

#endif  // VIBESTACK_COMMON_TLS_CONFIG_H_

#ifndef VIBESTACK_COMMON_TLS_CONFIG_H_
#define VIBESTACK_COMMON_TLS_CONFIG_H_

#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/tls/material.h"

namespace vibestack::tls {

// TLS of one side of a connection, as the flags say it.
struct Config {
  Files files;
  Material material;      // what they held at the start
  absl::Duration reload;  // what is changed in them is in use by then
};

// TLS of our own port, from --tls_cert, --tls_key, --tls_client_ca and --tls_reload; none without a
// certificate. INVALID_ARGUMENT as ReadMaterial has it, and for --tls_client_ca without --tls_cert.
absl::StatusOr<std::optional<Config>> ReadServerConfig();

// TLS towards a peer whose certificate is signed by `files.authorities`; none where those and all
// others are not given. Certificate and key are what we show it, if it asks. --tls_reload counts
// here too. INVALID_ARGUMENT likewise.
absl::StatusOr<std::optional<Config>> ReadClientConfig(Files files);

}  // namespace vibestack::tls

#endif  // VIBESTACK_COMMON_TLS_CONFIG_H_

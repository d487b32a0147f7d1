#ifndef VIBESTACK_COMMON_CONFIG_CHECKS_H_
#define VIBESTACK_COMMON_CONFIG_CHECKS_H_

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

// Checks of flags, for the start of a service. Each check returns OK or INVALID_ARGUMENT with a
// message that names the flag: `--bcrypt_cost must be 4 to 16, not 99`. `flag` is the name without
// hyphens. All messages but that of CheckNotEmpty quote the value, so use only CheckNotEmpty for a
// credential.
namespace vibestack {

// The value must not be empty. The message does not quote it.
absl::Status CheckNotEmpty(std::string_view flag, std::string_view value);

// `host:port` with a port of 0 to 65535; an IPv6 host stands in brackets, as in `[::1]:50051`.
// The check does not look up the host.
absl::Status CheckAddress(std::string_view flag, std::string_view value);

// As CheckAddress; an empty value is allowed.
absl::Status CheckOptionalAddress(std::string_view flag, std::string_view value);

// The value must be `min` to `max`, both included.
absl::Status CheckRange(std::string_view flag, int64_t value, int64_t min, int64_t max);
absl::Status CheckRange(std::string_view flag, absl::Duration value, absl::Duration min,
                        absl::Duration max);

// The first of the checks that is not OK, else OK.
absl::Status FirstError(std::initializer_list<absl::Status> checks);

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_CONFIG_CHECKS_H_

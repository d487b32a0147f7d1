#ifndef VIBESTACK_COMMON_CONFIG_CHECKS_H_
#define VIBESTACK_COMMON_CONFIG_CHECKS_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

// What a service checks about its flags when it starts. Each check is OK or INVALID_ARGUMENT with a
// message that names the flag: `--bcrypt_cost must be 4 to 16, not 99`. `flag` is the name without
// hyphens. The messages quote the value, so none of these is for a flag that holds a credential,
// CheckGiven aside.
namespace vibestack {

// A value must be there; it is not quoted.
absl::Status CheckGiven(std::string_view flag, std::string_view value);

// `host:port` with a port of 0 to 65535; an IPv6 host stands in brackets, as in `[::1]:50051`.
// Whether the host exists is not looked up.
absl::Status CheckAddress(std::string_view flag, std::string_view value);

// The same, or nothing.
absl::Status CheckOptionalAddress(std::string_view flag, std::string_view value);

// Both ends are allowed.
absl::Status CheckRange(std::string_view flag, int64_t value, int64_t min, int64_t max);
absl::Status CheckRange(std::string_view flag, absl::Duration value, absl::Duration min,
                        absl::Duration max);

// Above zero; a duration must be finite as well.
absl::Status CheckPositive(std::string_view flag, int64_t value);
absl::Status CheckPositive(std::string_view flag, absl::Duration value);

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_CONFIG_CHECKS_H_

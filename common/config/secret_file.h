#ifndef VIBESTACK_COMMON_CONFIG_SECRET_FILE_H_
#define VIBESTACK_COMMON_CONFIG_SECRET_FILE_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/base/secret.h"

namespace vibestack {

// The text of the file `path`, which the flag `flag` names, without white space around it.
// INVALID_ARGUMENT when the file cannot be read or the text is shorter than `min_bytes`. The
// message names the flag and quotes neither the path nor the text.
absl::StatusOr<Secret> ReadSecretFile(std::string_view flag, const std::string& path,
                                      size_t min_bytes);

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_CONFIG_SECRET_FILE_H_

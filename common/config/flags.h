#ifndef VIBESTACK_COMMON_CONFIG_FLAGS_H_
#define VIBESTACK_COMMON_CONFIG_FLAGS_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace vibestack {

// The defaults that one program gives to flags that several programs share: name, value.
using FlagDefaults = std::vector<std::pair<std::string, std::string>>;

// Sets every flag that is defined in this repository (flag.h) and returns the positional arguments:
// the command and what follows it, without the program's name.
//
// A flag's value comes from the command line, else from the environment variable
// VIBESTACK_<NAME IN UPPER CASE>, else it is the default. The flag `database_url` is also read from
// DATABASE_URL; the prefixed variable wins. An empty variable counts as unset.
//
// INVALID_ARGUMENT names the flag or variable and the expected value, and never quotes the given
// value; main() prints it and exits with 2. `--help` prints HelpText(usage) (help.h), and
// `--version` prints `<program> <version>`; both end the process with 0. `--help` does not read the
// environment, so it shows no credential from there.
//
// Call it at the start of main(), before other threads start.
absl::StatusOr<std::vector<std::string>> ParseFlags(int argc, char** argv, std::string_view usage,
                                                    const FlagDefaults& defaults = {});

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_CONFIG_FLAGS_H_

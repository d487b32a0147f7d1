#ifndef VIBESTACK_COMMON_CONFIG_FLAGS_H_
#define VIBESTACK_COMMON_CONFIG_FLAGS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace vibestack {

// Gives every flag that is defined in this repository its value and returns the positional
// arguments (the subcommand and what follows it), without the program's name.
//
// A flag's value comes from the command line, else from the environment variable
// VIBESTACK_<NAME IN UPPER CASE>, else it is the default. The flag `database_url` is also read from
// DATABASE_URL; the prefixed variable wins. An empty variable counts as unset.
//
// INVALID_ARGUMENT names the flag or variable and what was expected, and quotes no value; main
// prints it and exits with 2. `--help` prints `usage` and the flags, and `--version` prints
// `<program> <version>`; both end the process here. `--help` does not read the environment, so that
// no credential from it is shown.
//
// Call it at the start of main, before other threads.
absl::StatusOr<std::vector<std::string>> ParseFlags(int argc, char** argv, std::string_view usage);

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_CONFIG_FLAGS_H_

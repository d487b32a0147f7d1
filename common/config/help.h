#ifndef VIBESTACK_COMMON_CONFIG_HELP_H_
#define VIBESTACK_COMMON_CONFIG_HELP_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/string_view.h"

// The text of --help.
namespace vibestack {

// Whether the flags that the source `file` defines are ours. Abseil has its own flags, such as
// --flagfile.
bool IsOurFlag(absl::string_view file);

// The environment variables that set the flag `name`; the first one that is not empty wins.
std::vector<std::string> VariablesOf(std::string_view name);

// `usage`, then every flag of ours under the heading of its topic:
//
//   Jobs:
//     --lease_duration (default 60s; environment VIBESTACK_LEASE_DURATION)
//         How long a worker keeps a job without a heartbeat. 10ms to 24h.
//
// A flag's line has two spaces, the name and, in parentheses, `default VALUE`, `no default` or
// `required`, and the environment variables. Topics are in the order of FlagTopic, the flags of a
// topic in the order of their names. A flag without a topic is under `Other:`; the test
// tests/checks/flags allows none. The default is the flag's value at the time of the call.
std::string HelpText(std::string_view usage);

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_CONFIG_HELP_H_

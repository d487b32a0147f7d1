#ifndef VIBESTACK_COMMON_RPC_PROCESS_H_
#define VIBESTACK_COMMON_RPC_PROCESS_H_

#include <functional>
#include <initializer_list>
#include <string>
#include <utility>

#include "absl/status/status.h"

// What the two server processes do alike around their servers.
namespace vibestack::rpc {

// Readies this process for serving; call it once, before other threads. Leaves SIGTERM, SIGINT,
// SIGHUP, SIGUSR1 and SIGUSR2 to WaitForStopSignal and ignores SIGPIPE. Raises the limit on open
// files to what the system allows: gRPC 1.51 never accepts again once it ran out (CVE-2023-4785).
// Turns off the search for deadlocks in Abseil's mutexes, which Debian's build has on, in optimised
// builds.
void PrepareProcess();

// Blocks this thread until the process is asked to stop, and returns the signal. SIGHUP runs
// `on_hangup` on this thread instead, where it is given. SIGUSR1 has lines of every level logged
// from then on, SIGUSR2 again those that --log_level chose.
int WaitForStopSignal(const std::function<void()>& on_hangup = nullptr);

// Writes the ports as `NAME=PORT` to `path`, each on a line; nothing for an empty path, and no line
// for port 0. Whoever waits for the file finds it whole. UNAVAILABLE when it cannot be written.
absl::Status WritePortFile(const std::string& path,
                           std::initializer_list<std::pair<const char*, int>> ports);

// How much of the grace time of a stop the database has to answer what is under way. The rest is
// for the callers' answers and for a connection that is just being made.
absl::Duration DatabaseGrace(absl::Duration shutdown_grace);

// Logs the end of the process and returns its exit code: 0, or 1 where statements were given up
// because the database did not answer.
int ReportStop(int statements_given_up);

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_PROCESS_H_

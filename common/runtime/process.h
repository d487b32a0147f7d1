#ifndef VIBESTACK_COMMON_RUNTIME_PROCESS_H_
#define VIBESTACK_COMMON_RUNTIME_PROCESS_H_

#include <functional>
#include <initializer_list>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"

// The setup and the signals of a server process.
namespace vibestack::runtime {

// Prepares this process for serving. Call it once, before other threads start.
//   - Blocks SIGTERM, SIGINT, SIGHUP, SIGUSR1 and SIGUSR2, for WaitForStopSignal; ignores SIGPIPE.
//   - Raises the limit on open files to what the system allows: gRPC 1.51 never accepts again once
//     it runs out of file descriptors (CVE-2023-4785).
//   - In optimised builds, turns off the deadlock detection of Abseil's mutexes, which Debian's
//     build turns on.
void PrepareProcess();

// Blocks this thread until SIGTERM or SIGINT arrives, and returns the signal. SIGHUP runs
// `on_hangup` on this thread; without `on_hangup` it stops the process too. SIGUSR1 makes the
// process log every level; SIGUSR2 restores --log_level.
int WaitForStopSignal(const std::function<void()>& on_hangup = nullptr);

// Writes the ports to the file `path`, atomically, one `NAME=PORT` a line; omits ports that are 0.
// Does nothing for an empty path. UNAVAILABLE when the file cannot be written.
absl::Status WritePortFile(const std::string& path,
                           std::initializer_list<std::pair<const char*, int>> ports);

// How long the service waits for the database during a stop: all of the grace time but 7 s, at
// least half of it, at least 1 s. The rest is for the answers to clients and for a connection that
// is being opened.
absl::Duration DatabaseGrace(absl::Duration shutdown_grace);

}  // namespace vibestack::runtime

#endif  // VIBESTACK_COMMON_RUNTIME_PROCESS_H_

#ifndef VIBESTACK_COMMON_RUNTIME_PROCESS_H_
#define VIBESTACK_COMMON_RUNTIME_PROCESS_H_

#include <functional>
#include <initializer_list>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"

// What a server process does around its components.
namespace vibestack::runtime {

// Prepares this process for serving. Call it once, before other threads start.
//   - Blocks SIGTERM, SIGINT, SIGHUP, SIGUSR1 and SIGUSR2, for WaitForStopSignal; ignores SIGPIPE.
//   - Raises the limit on open files to what the system allows: gRPC 1.51 never accepts again once
//     it runs out of file descriptors (CVE-2023-4785).
//   - In optimised builds, turns off the deadlock detection of Abseil's mutexes, which Debian's
//     build turns on.
void PrepareProcess();

// Blocks this thread until the process is asked to stop, and returns the signal. SIGHUP runs
// `on_hangup` on this thread instead, if there is one. After SIGUSR1 the process logs every level;
// after SIGUSR2 it logs what --log_level says again.
int WaitForStopSignal(const std::function<void()>& on_hangup = nullptr);

// Writes the ports to the file `path`, one `NAME=PORT` a line; leaves out port 0. Does nothing for
// an empty path. The file appears complete, never in part. UNAVAILABLE when it cannot be written.
absl::Status WritePortFile(const std::string& path,
                           std::initializer_list<std::pair<const char*, int>> ports);

// The part of the grace time in which the database may answer what is under way. The rest is for
// the callers' answers, and for a connection that is being made.
absl::Duration DatabaseGrace(absl::Duration shutdown_grace);

}  // namespace vibestack::runtime

#endif  // VIBESTACK_COMMON_RUNTIME_PROCESS_H_

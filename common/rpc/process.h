#ifndef VIBESTACK_COMMON_RPC_PROCESS_H_
#define VIBESTACK_COMMON_RPC_PROCESS_H_

#include <functional>
#include <initializer_list>
#include <string>
#include <utility>

#include "absl/status/status.h"

// Process-wide parts of the two services: signals, limits, the port file and the stop.
namespace vibestack::rpc {

// Prepares this process for serving. Call it once, before other threads start. Blocks SIGTERM,
// SIGINT, SIGHUP, SIGUSR1 and SIGUSR2, which WaitForStopSignal handles, and ignores SIGPIPE. Raises
// the limit of open files to its maximum: gRPC 1.51 never accepts connections again after it ran
// out (CVE-2023-4785). In optimised builds, disables the deadlock detection of Abseil's mutexes,
// which Debian's build enables.
void PrepareProcess();

// Blocks this thread until the process is asked to stop, and returns the signal. SIGHUP calls
// `on_hangup` on this thread if it is set, otherwise it stops the process. SIGUSR1 enables log
// lines of every level; SIGUSR2 restores --log_level.
int WaitForStopSignal(const std::function<void()>& on_hangup = nullptr);

// Writes each port as a line `NAME=PORT` to `path`; omits port 0, does nothing for an empty path.
// The file appears whole. UNAVAILABLE when it cannot be written.
absl::Status WritePortFile(const std::string& path,
                           std::initializer_list<std::pair<const char*, int>> ports);

// The part of a stop's grace period in which the database may answer the statements in progress.
// The rest is for sending responses and for a connection that is being opened.
absl::Duration DatabaseGrace(absl::Duration shutdown_grace);

// Logs the end of the process and returns its exit code: 0, or 1 when statements were abandoned
// because the database did not answer.
int ReportStop(int abandoned_statements);

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_PROCESS_H_

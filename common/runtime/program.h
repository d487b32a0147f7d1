#ifndef VIBESTACK_COMMON_RUNTIME_PROGRAM_H_
#define VIBESTACK_COMMON_RUNTIME_PROGRAM_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/config/flags.h"
#include "common/runtime/options.h"
#include "common/runtime/runtime.h"

namespace vibestack::runtime {

// A command of a program, the first argument after its name.
struct Command {
  std::string name;
  // Reads its own flags and prints its result on stdout. The message of its error is for the
  // operator.
  std::function<absl::Status()> run;
};

struct Program {
  std::string name;
  std::string usage;              // the beginning of --help
  FlagDefaults defaults;          // of flags that services share
  std::vector<Command> commands;  // the first one runs without an argument
};

// Runs the command that the arguments name. Returns the exit code: 0; 2 for a wrong flag or command
// (INVALID_ARGUMENT); 1 for every other error. Prints an error as one line on stderr. Call it in
// main().
int RunProgram(const Program& program, int argc, char** argv);

// Starts the components of a service (see Runtime), up to Runtime::StartServer.
using Wiring = std::function<absl::Status(Runtime&)>;

// Prepares the process, starts tracing, runs `wiring` and serves until SIGTERM or SIGINT. `name` is
// the service's name in traces. Errors: those of `wiring` and Runtime; UNAVAILABLE when a port is
// taken, when the port file cannot be written or when the database did not answer during the stop.
absl::Status Serve(const std::string& name, const Options& options, const Wiring& wiring);

// The command `serve` of a service: reads the options and the service's own flags, then serves as
// above. Returns also the error of `read_flags`.
template <typename Flags>
absl::Status Serve(const std::string& name, absl::StatusOr<Flags> (*read_flags)(),
                   absl::Status (*wire)(Runtime&, const Flags&)) {
  const absl::StatusOr<Options> options = ReadOptions();
  if (!options.ok()) return options.status();
  const absl::StatusOr<Flags> flags = read_flags();
  if (!flags.ok()) return flags.status();
  return Serve(name, *options, [&](Runtime& runtime) { return wire(runtime, *flags); });
}

}  // namespace vibestack::runtime

#endif  // VIBESTACK_COMMON_RUNTIME_PROGRAM_H_

#include "common/runtime/program.h"

#include <cstdio>
#include <utility>

#include "common/runtime/process.h"
#include "common/telemetry/log.h"
#include "common/telemetry/tracing.h"

namespace vibestack::runtime {
namespace {

absl::Status RunCommand(const Program& program, const std::vector<std::string>& arguments) {
  if (arguments.size() > 1) {
    return absl::InvalidArgumentError("give only one command; unexpected: " + arguments[1]);
  }
  if (arguments.empty()) return program.commands.front().run();
  for (const Command& command : program.commands) {
    if (command.name == arguments[0]) return command.run();
  }
  return absl::InvalidArgumentError("unknown command " + arguments[0] +
                                    "; --help lists the commands");
}

absl::Status ParseAndRun(const Program& program, int argc, char** argv) {
  const absl::StatusOr<std::vector<std::string>> arguments =
      ParseFlags(argc, argv, program.usage, program.defaults);
  if (!arguments.ok()) return arguments.status();
  const absl::Status level = ApplyLogLevel();
  if (!level.ok()) return level;
  return RunCommand(program, *arguments);
}

absl::StatusOr<int> WireAndRun(const Options& options, const Wiring& wiring) {
  Runtime runtime(options);
  if (absl::Status status = runtime.Open(); !status.ok()) return status;
  if (absl::Status status = wiring(runtime); !status.ok()) return status;
  return runtime.Run();
}

}  // namespace

int RunProgram(const Program& program, int argc, char** argv) {
  InitLog(program.name);
  const absl::Status status = ParseAndRun(program, argc, argv);
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s: %s\n", program.name.c_str(), std::string(status.message()).c_str());
  return absl::IsInvalidArgument(status) ? 2 : 1;
}

absl::Status Serve(const std::string& name, const Options& options, const Wiring& wiring) {
  PrepareProcess();
  StartTracing(options.tracing, name);
  const absl::StatusOr<int> aborted = WireAndRun(options, wiring);
  if (!aborted.ok()) {
    StopTracing(absl::ZeroDuration());
    return aborted.status();
  }
  StopTracing();
  if (*aborted > 0) {
    Log(LogLevel::kError, "shutdown_incomplete", {{"abandoned_statements", *aborted}});
    return absl::UnavailableError("the database did not answer during shutdown");
  }
  Log(LogLevel::kInfo, "stopped");
  return absl::OkStatus();
}

}  // namespace vibestack::runtime

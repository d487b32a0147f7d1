#ifndef VIBESTACK_TESTS_SUPPORT_PROCESSES_H_
#define VIBESTACK_TESTS_SUPPORT_PROCESSES_H_

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/support/environment.h"
#include "tests/support/eventually.h"

// Programs that a test starts, signals and looks at from the outside.
namespace vibestack::e2e {

// A directory that goes away with this object.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A running program, its output and its end. Start it from the main thread only: the kernel ends it
// with SIGKILL when the thread that started it ends, so that nothing outlives a test that was
// killed. Not thread-safe.
class Process {
 public:
  struct Options {
    std::string program;
    std::vector<std::string> arguments = {};
    // `NAME=value`, over the test's own environment.
    std::vector<std::string> environment = {};
    // Where stdout and stderr are written, as `<output>.stdout` and `<output>.stderr`; anew at each
    // start.
    std::string output;
  };

  // Ends the test program when it cannot be started.
  explicit Process(Options options);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  // SIGKILL if it still runs.
  ~Process();

  pid_t pid() const { return pid_; }
  void Signal(int signal);
  // SIGKILL, and its end awaited.
  void Kill();

  // Its exit code, or 128 and the number of the signal that ended it; none while it runs.
  std::optional<int> ExitCode();
  // The same, awaited.
  std::optional<int> AwaitExit(absl::Duration limit);

  std::string standard_output() const;
  std::string standard_error() const;

 private:
  const Options options_;
  pid_t pid_ = -1;
  std::optional<int> exit_code_;
};

// Runs a program to its end, for at most a minute. A program that does not end counts as killed.
struct Finished {
  int exit_code = 0;
  std::string standard_output;
  std::string standard_error;
};
Finished RunToEnd(std::string program, std::vector<std::string> arguments,
                  std::vector<std::string> environment = {});

// The whole file, or empty where there is none.
std::string ReadFile(const std::string& path);
void WriteFile(const std::string& path, const std::string& text);

// A free port of 127.0.0.1, at this moment.
int FreePort();

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_SUPPORT_PROCESSES_H_

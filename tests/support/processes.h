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

// Programs that a test starts, signals and observes.
namespace vibestack::e2e {

// A temporary directory, which the destructor removes.
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

// A running program, its output and its exit code. Create it on the main thread only: when the
// creating thread ends, the kernel sends SIGKILL to the program, so no program outlives a killed
// test. Not thread-safe.
class Process {
 public:
  struct Options {
    std::string program;
    std::vector<std::string> arguments = {};
    // `NAME=value`, in addition to the test's own environment.
    std::vector<std::string> environment = {};
    // stdout and stderr go to the files `<output>.stdout` and `<output>.stderr`, which each start
    // empties.
    std::string output;
  };

  // Starts the program. Ends the test program if that fails.
  explicit Process(Options options);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  // Sends SIGKILL if it still runs.
  ~Process();

  pid_t pid() const { return pid_; }
  void Signal(int signal);
  // Sends SIGKILL and waits for the end.
  void Kill();

  // The exit code, or 128 plus the number of the signal that ended it; std::nullopt while it runs.
  std::optional<int> ExitCode();
  // Waits for the exit code; std::nullopt if the program still runs after `limit`.
  std::optional<int> AwaitExit(absl::Duration limit);

  std::string standard_output() const;
  std::string standard_error() const;

 private:
  const Options options_;
  pid_t pid_ = -1;
  std::optional<int> exit_code_;
};

// The result of a program that ran to its end, or was killed after a minute.
struct Finished {
  int exit_code = 0;
  std::string standard_output;
  std::string standard_error;
};
Finished RunToEnd(std::string program, std::vector<std::string> arguments,
                  std::vector<std::string> environment = {});

// The content of a file; empty if the file does not exist.
std::string ReadFile(const std::string& path);
void WriteFile(const std::string& path, const std::string& text);

// A port of 127.0.0.1 that is free at this moment.
int FreePort();

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_SUPPORT_PROCESSES_H_

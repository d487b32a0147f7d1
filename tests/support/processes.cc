#include "tests/support/processes.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <utility>

extern char** environ;

namespace vibestack::e2e {
namespace {

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::abort();
}

std::vector<std::string> MergedEnvironment(const std::vector<std::string>& changes) {
  std::map<std::string, std::string> merged;
  const auto add = [&merged](const std::string& entry) {
    const size_t equals = entry.find('=');
    merged[entry.substr(0, equals)] = entry;
  };
  for (char** entry = environ; *entry != nullptr; ++entry) add(*entry);
  for (const std::string& entry : changes) add(entry);
  std::vector<std::string> result;
  for (const auto& [name, entry] : merged) result.push_back(entry);
  return result;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

TemporaryDirectory::TemporaryDirectory()
    : path_((std::filesystem::temp_directory_path() / "vibestack-e2e-XXXXXX").string()) {
  if (mkdtemp(path_.data()) == nullptr) Die("cannot make " + path_);
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Process::Process(Options options) : options_(std::move(options)) {
  // setpriv sets the signal for the parent's death and executes the program in its place, so the
  // program ends with this test.
  std::vector<std::string> words = {"setpriv", "--pdeathsig=KILL", "--", options_.program};
  words.insert(words.end(), options_.arguments.begin(), options_.arguments.end());
  std::vector<std::string> environment = MergedEnvironment(options_.environment);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND;
  const std::string output = options_.output + ".stdout";
  const std::string errors = options_.output + ".stderr";
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(), kFlags, 0600);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors.c_str(), kFlags, 0600);
  const int failure = posix_spawnp(&pid_, "setpriv", &actions, nullptr, Pointers(words).data(),
                                   Pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) Die("cannot start " + options_.program);
}

Process::~Process() { Kill(); }

void Process::Signal(int signal) {
  if (!ExitCode().has_value()) kill(pid_, signal);
}

void Process::Kill() {
  Signal(SIGKILL);
  if (!AwaitExit(absl::Seconds(30)).has_value()) Die("a process outlives SIGKILL");
}

std::optional<int> Process::ExitCode() {
  int status = 0;
  if (!exit_code_.has_value() && waitpid(pid_, &status, WNOHANG) == pid_) {
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return exit_code_;
}

std::optional<int> Process::AwaitExit(absl::Duration limit) {
  Eventually(limit, [this] { return ExitCode().has_value(); });
  return exit_code_;
}

std::string Process::standard_output() const { return ReadFile(options_.output + ".stdout"); }
std::string Process::standard_error() const { return ReadFile(options_.output + ".stderr"); }

Finished RunToEnd(std::string program, std::vector<std::string> arguments,
                  std::vector<std::string> environment) {
  const TemporaryDirectory directory;
  Process process({.program = std::move(program),
                   .arguments = std::move(arguments),
                   .environment = std::move(environment),
                   .output = directory.path() + "/run"});
  if (!process.AwaitExit(absl::Minutes(1)).has_value()) process.Kill();
  return {process.ExitCode().value_or(-1), process.standard_output(), process.standard_error()};
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
}

// The port is below the range for outgoing connections, so that none of these takes it before the
// program does. It is random, because other tests run at the same time.
int FreePort() {
  std::random_device random;
  for (int tries = 0; tries < 100; ++tries) {
    const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int port = 10'000 + static_cast<int>(random() % 20'000);
    address.sin_port = htons(static_cast<uint16_t>(port));
    const int bound = bind(probe, reinterpret_cast<sockaddr*>(&address), sizeof(address));
    close(probe);
    if (bound == 0) return port;
  }
  Die("no free port");
}

}  // namespace vibestack::e2e

#include "common/runtime/process.h"

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>

#include "absl/synchronization/mutex.h"
#include "common/telemetry/log.h"

namespace vibestack::runtime {
namespace {

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  sigaddset(&signals, SIGUSR1);
  sigaddset(&signals, SIGUSR2);
  return signals;
}

void SwitchLog(bool verbose) {
  SetVerboseLog(verbose);
  const LogField all{"verbose", verbose};
  LogAlways(LogLevel::kInfo, "log_level_switched", {&all, 1});
}

// Handles a signal that does not stop the process. Returns false for one that does.
bool HandleSignal(int signal, const std::function<void()>& on_hangup) {
  switch (signal) {
    case SIGUSR1:
    case SIGUSR2:
      SwitchLog(signal == SIGUSR1);
      return true;
    case SIGHUP:
      if (on_hangup != nullptr) on_hangup();
      return on_hangup != nullptr;
    default:
      return false;
  }
}

void RaiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

void PrepareProcess() {
  // Threads inherit the mask, so no other thread takes these signals.
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  RaiseFileLimit();
#ifdef NDEBUG
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
#endif
}

int WaitForStopSignal(const std::function<void()>& on_hangup) {
  const sigset_t signals = StopSignals();
  int signal = 0;
  do {
    sigwait(&signals, &signal);
  } while (HandleSignal(signal, on_hangup));
  return signal;
}

absl::Duration DatabaseGrace(absl::Duration shutdown_grace) {
  constexpr absl::Duration kRest = absl::Seconds(7);
  return std::max({shutdown_grace / 2, shutdown_grace - kRest, absl::Seconds(1)});
}

absl::Status WritePortFile(const std::string& path,
                           std::initializer_list<std::pair<const char*, int>> ports) {
  if (path.empty()) return absl::OkStatus();
  const std::string aside = path + ".new";
  std::ofstream file(aside, std::ios::trunc);
  for (const auto& [name, port] : ports) {
    if (port != 0) file << name << "=" << port << "\n";
  }
  file.close();
  if (file.fail() || std::rename(aside.c_str(), path.c_str()) != 0) {
    return absl::UnavailableError("cannot write the file of --port_file");
  }
  return absl::OkStatus();
}

}  // namespace vibestack::runtime

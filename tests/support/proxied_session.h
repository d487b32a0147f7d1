#ifndef VIBESTACK_TESTS_SUPPORT_PROXIED_SESSION_H_
#define VIBESTACK_TESTS_SUPPORT_PROXIED_SESSION_H_

#include <atomic>
#include <optional>
#include <string>
#include <thread>

#include "tests/support/database_proxy.h"

namespace vibestack::e2e {

// One connection through a DatabaseProxy, with its own thread.
class ProxiedSession {
 public:
  // Takes ownership of the socket `client`, and connects to the server at 127.0.0.1.
  ProxiedSession(DatabaseProxy& proxy, int client, int server_port);
  ~ProxiedSession();

  // See DatabaseProxy::Silence. Returns whether this is an open session of that application.
  bool Silence(const std::string& application);

 private:
  void Run();
  // Reads available bytes and forwards complete messages. Returns whether to continue.
  bool ReadClient();
  bool ReadServer();
  bool HandOn(int to, const std::string& message);
  bool FailsAt(const std::string& message);
  void TakeStartup(const std::string& message);

  DatabaseProxy& proxy_;
  const int client_;
  const int server_;
  // An event descriptor that wakes the thread, to silence or stop it.
  const int wake_;
  std::atomic<bool> silent_ = false;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> open_ = true;
  std::atomic<bool> started_ = false;
  // Set before `started_`.
  std::string application_;
  pid_t backend_ = 0;
  std::string from_client_;
  std::string from_server_;
  // The fault that drops the answer to the statement in progress.
  std::optional<DatabaseProxy::Fault> committing_;
  std::thread thread_;
};

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_SUPPORT_PROXIED_SESSION_H_

#ifndef VIBESTACK_TESTS_SUPPORT_PROXIED_SESSION_H_
#define VIBESTACK_TESTS_SUPPORT_PROXIED_SESSION_H_

#include <atomic>
#include <optional>
#include <string>
#include <thread>

#include "tests/support/database_proxy.h"

namespace vibestack::e2e {

// One connection through a DatabaseProxy, and its thread.
class ProxiedSession {
 public:
  // Owns the client's socket; connects to the server at that port of 127.0.0.1.
  ProxiedSession(DatabaseProxy& proxy, int client, int server_port);
  ~ProxiedSession();

  // See DatabaseProxy::Silence. Returns whether the session is of that application, and open.
  bool Silence(const std::string& application);

 private:
  void Run();
  // Reads what is there and hands on whole messages; whether to go on.
  bool ReadClient();
  bool ReadServer();
  bool HandOn(int to, const std::string& message);
  bool FailsAt(const std::string& message);
  void TakeStartup(const std::string& message);

  DatabaseProxy& proxy_;
  const int client_;
  const int server_;
  // Written to when it is silenced or stopped.
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
  // The fault whose answer gets lost.
  std::optional<DatabaseProxy::Fault> committing_;
  std::thread thread_;
};

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_SUPPORT_PROXIED_SESSION_H_

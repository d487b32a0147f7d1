#ifndef VIBESTACK_TESTS_SUPPORT_DATABASE_PROXY_H_
#define VIBESTACK_TESTS_SUPPORT_DATABASE_PROXY_H_

#include <sys/types.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace vibestack::e2e {

class ProxiedSession;

// Stands between the services and the PostgreSQL of DATABASE_URL, reads its protocol, and fails at
// a moment that the test names. Thread-safe.
class DatabaseProxy {
 public:
  // Of a statement that commits by itself, or of a COMMIT.
  enum class Moment {
    kBefore,  // the server never gets it
    kAfter,   // the server has committed, and its answer is lost
  };
  struct Fault {
    // The sessions, by their application_name.
    std::string application;
    // Names of prepared statements, or texts of others, such as COMMIT.
    std::set<std::string> statements;
    Moment moment = Moment::kBefore;
    // Runs when the statement is about to be handed on, in the session's thread.
    std::function<void()> approach = [] {};
    // Runs at that moment, in the session's thread, with the server's process; then the connection
    // is closed.
    std::function<void(pid_t backend)> strike = [](pid_t) {};
  };

  DatabaseProxy();
  DatabaseProxy(const DatabaseProxy&) = delete;
  DatabaseProxy& operator=(const DatabaseProxy&) = delete;
  // Closes every connection.
  ~DatabaseProxy();

  // DATABASE_URL by way of this proxy.
  std::string url() const;

  // Strikes once: the first session that comes to it.
  void Arm(Fault fault);
  bool struck() const;

  // Leaves the open connections of that application as a lost network would: open and silent, for
  // ever. How many they were. Connections that are made later work.
  int Silence(const std::string& application);
  // While it is on, no notification reaches anybody.
  void SwallowNotifications(bool on) { swallow_ = on; }
  int swallowed() const { return swallowed_; }

 private:
  friend class ProxiedSession;

  void Accept();
  // The fault, if it is for this statement; nobody else gets it then.
  std::optional<Fault> Take(const std::string& application, const std::string& statement);
  void NoteStruck();

  const int listener_;
  int port_ = 0;
  std::atomic<bool> swallow_ = false;
  std::atomic<int> swallowed_ = 0;
  mutable std::mutex mutex_;
  std::optional<Fault> fault_;
  bool struck_ = false;
  bool stopping_ = false;
  std::vector<std::unique_ptr<ProxiedSession>> sessions_;
  std::thread acceptor_;
};

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_SUPPORT_DATABASE_PROXY_H_

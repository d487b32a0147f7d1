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
// the moment that the test names. Thread-safe.
class DatabaseProxy {
 public:
  // The moment of a statement that commits by itself, or of a COMMIT.
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
    // Runs right before the statement is passed on, in the session's thread.
    std::function<void()> approach = [] {};
    // Runs at that moment, in the session's thread, with the pid of the server's process. Then the
    // proxy closes the connection.
    std::function<void(pid_t backend)> fail = [](pid_t) {};
  };

  DatabaseProxy();
  DatabaseProxy(const DatabaseProxy&) = delete;
  DatabaseProxy& operator=(const DatabaseProxy&) = delete;
  // Closes every connection.
  ~DatabaseProxy();

  // DATABASE_URL through this proxy.
  std::string url() const;

  // Injects the fault once, into the first session that reaches it.
  void Arm(Fault fault);
  bool failed() const;

  // Silences the open connections of that application, as a lost network does: they stay open and
  // silent. Returns their number. Later connections work.
  int Silence(const std::string& application);
  // While it is on, the proxy drops every notification.
  void SwallowNotifications(bool on) { swallow_ = on; }
  int swallowed() const { return swallowed_; }

 private:
  friend class ProxiedSession;

  void Accept();
  // Removes and returns the fault, if it is for this statement.
  std::optional<Fault> Take(const std::string& application, const std::string& statement);
  void NoteFailure();

  const int listener_;
  int port_ = 0;
  std::atomic<bool> swallow_ = false;
  std::atomic<int> swallowed_ = 0;
  mutable std::mutex mutex_;
  std::optional<Fault> fault_;
  bool failed_ = false;
  bool stopping_ = false;
  std::vector<std::unique_ptr<ProxiedSession>> sessions_;
  std::thread acceptor_;
};

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_SUPPORT_DATABASE_PROXY_H_

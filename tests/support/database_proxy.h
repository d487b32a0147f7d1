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

// A proxy between the services and the PostgreSQL of DATABASE_URL. It reads the protocol and can
// fail at a chosen moment. Thread-safe.
class DatabaseProxy {
 public:
  // When to fail, relative to a statement that commits by itself, or to a COMMIT.
  enum class Moment {
    kBefore,  // the server never gets the statement
    kAfter,   // the server has committed, and its answer is lost
  };
  struct Fault {
    // The application_name of the sessions.
    std::string application;
    // The names of prepared statements, or the texts of other statements, such as COMMIT.
    std::set<std::string> statements;
    Moment moment = Moment::kBefore;
    // Runs right before the proxy forwards the statement, on the thread of the session.
    std::function<void()> approach = [] {};
    // Runs at `moment`, on the thread of the session, with the pid of the server's backend.
    // Afterwards the proxy closes the connection.
    std::function<void(pid_t backend)> fail = [](pid_t) {};
  };

  DatabaseProxy();
  DatabaseProxy(const DatabaseProxy&) = delete;
  DatabaseProxy& operator=(const DatabaseProxy&) = delete;
  // Closes every connection.
  ~DatabaseProxy();

  // DATABASE_URL through this proxy.
  std::string url() const;

  // Injects the fault once, into the first session that runs such a statement.
  void Arm(Fault fault);
  bool failed() const;

  // Simulates a lost network: forwards nothing any more on the open connections of this
  // application, which stay open. Returns their number. Later connections work.
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

#ifndef VIBESTACK_COMMON_DB_LISTENER_H_
#define VIBESTACK_COMMON_DB_LISTENER_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/db/session.h"

namespace vibestack::db {

struct ListenerOptions {
  std::string database_url;
  std::string application_name;
  std::vector<std::string> channels;
  // Called for each notification, with its channel and payload.
  std::function<void(const std::string& channel, const std::string& payload)> on_notification;
  // Called each time listening starts. Earlier notifications may have been missed, so the callback
  // should make its users read the current state.
  std::function<void()> on_listening;
  // Called when the connection is lost. Other connections to the same server may be lost, too.
  std::function<void()> on_lost = [] {};
};

// A connection that LISTENs; a process needs one. Its own thread runs the callbacks, one at a time;
// they must be short. It notices a connection that stops responding within about ten seconds. It
// reopens a lost connection, with backoff and jitter, and calls on_listening again. A notification
// is only a hint, because it can be lost: whatever waits for one also needs a slow poll. Abort(),
// listening() and connects() are thread-safe.
class Listener {
 public:
  explicit Listener(ListenerOptions options);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() { Stop(); }

  // Joins the thread; no callback runs afterwards. May be called twice, but never by a callback.
  void Stop();

  // Shuts down the connection to a database that does not answer, so that Stop() does not wait for
  // it. Call it only before Stop() or while Stop() runs.
  void Abort() { sockets_.End(); }

  // Whether it is listening now.
  bool listening() const { return listening_; }
  // How many times listening has started.
  uint64_t connects() const { return connects_; }

 private:
  void Run();
  // Listens until the connection is lost or Stop(). Returns whether listening had started.
  bool ListenOnce();
  // Waits for the socket, Stop() or the timeout. Returns false after Stop().
  bool WaitForSocket(int socket, int timeout_millis);

  const ListenerOptions options_;
  OpenSockets sockets_;
  const int stop_event_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> listening_{false};
  std::atomic<uint64_t> connects_{0};
  std::thread thread_;
};

}  // namespace vibestack::db

#endif  // VIBESTACK_COMMON_DB_LISTENER_H_

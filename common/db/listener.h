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
  // Called each time listening starts. Earlier notifications may have been missed, so read the
  // current state.
  std::function<void()> on_listening;
  // Called when the connection is lost; other connections to the same server may be lost, too.
  std::function<void()> on_lost = [] {};
};

// The one connection of a process that LISTENs. Its own thread runs the callbacks, one at a time;
// they must be short. A lost connection is reopened with backoff and jitter, and on_listening is
// called again. A connection that stops responding is noticed within about ten seconds. A
// notification is a hint: since one can be lost, a slow poll must back up everything that waits for
// it.
class Listener {
 public:
  explicit Listener(ListenerOptions options);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() { Stop(); }

  // Joins the thread; no callback runs afterwards. May be called twice, but never by a callback.
  void Stop();

  // Ends the connection to a database that does not answer, so that Stop() does not wait for it.
  void GiveUp() { sockets_.End(); }

  bool listening() const { return listening_; }
  // How many times listening started.
  uint64_t connects() const { return connects_; }

 private:
  void Run();
  // Listens until the connection is lost or Stop(). Returns whether listening ever started.
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

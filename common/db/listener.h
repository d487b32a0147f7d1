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
  // News: a notification's channel and payload.
  std::function<void(const std::string& channel, const std::string& payload)> on_notification;
  // Listening (again): whatever happened before may have been missed, so look for yourself.
  std::function<void()> on_listening;
  // The connection is lost: others to the same server may be, too.
  std::function<void()> on_lost = [] {};
};

// The one connection of a process that LISTENs. A thread of its own owns it; the callbacks run
// there, one at a time, and must be short. A lost connection is opened again with backoff and
// jitter, and on_listening tells after each time; one that falls silent without ending is noticed
// within some ten seconds. News is a hint: a slow poll must stand behind
// everything that waits for it, for a NOTIFY can be lost.
class Listener {
 public:
  explicit Listener(ListenerOptions options);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() { Stop(); }

  // Joins the thread: no callback runs afterwards. May be called twice; never from a callback.
  void Stop();

  // Ends the connection to a database that does not answer, for a Stop() that waits for it.
  void GiveUp() { sockets_.End(); }

  bool listening() const { return listening_; }
  // How often it began to listen.
  uint64_t connects() const { return connects_; }

 private:
  void Run();
  // Listens until the connection is lost or Stop(); whether it ever listened.
  bool ListenOnce();
  // Waits for the socket, Stop() or `timeout`; whether to go on.
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

#ifndef VIBESTACK_COMMON_DB_OPEN_SOCKETS_H_
#define VIBESTACK_COMMON_DB_OPEN_SOCKETS_H_

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"

namespace vibestack::db {

// The sockets of connections whose threads wait for PostgreSQL's answers. libpq waits for as long
// as the server's machine is there, even where the server itself hangs; ending the socket from
// another thread is the one way to have it give up. Thread-safe.
class OpenSockets {
 public:
  class Entry;

  OpenSockets() = default;
  OpenSockets(const OpenSockets&) = delete;
  OpenSockets& operator=(const OpenSockets&) = delete;

  // Ends them all, and from now on whatever is opened at once: who waits for an answer gets the
  // error of a lost connection.
  void End();

 private:
  absl::Mutex mutex_;
  absl::flat_hash_set<int> sockets_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

// One connection's socket, for as long as this lives. It is a descriptor of its own, so that it
// never names what was opened after the connection closed its one.
class [[nodiscard]] OpenSockets::Entry {
 public:
  Entry(OpenSockets& sockets, int socket);
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;
  ~Entry();

 private:
  OpenSockets& sockets_;
  const int socket_;
};

}  // namespace vibestack::db

#endif  // VIBESTACK_COMMON_DB_OPEN_SOCKETS_H_

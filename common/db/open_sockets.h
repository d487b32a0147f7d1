#ifndef VIBESTACK_COMMON_DB_OPEN_SOCKETS_H_
#define VIBESTACK_COMMON_DB_OPEN_SOCKETS_H_

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"

namespace vibestack::db {

// The sockets of connections whose threads wait for PostgreSQL. libpq waits as long as the server's
// machine responds, even when the server itself hangs. Only a shutdown of the socket by another
// thread ends that wait. Thread-safe.
class OpenSockets {
 public:
  class Entry;

  OpenSockets() = default;
  OpenSockets(const OpenSockets&) = delete;
  OpenSockets& operator=(const OpenSockets&) = delete;

  // Shuts down all sockets, and every socket that is added later. A thread that waits for an answer
  // gets the error of a lost connection.
  void End();

 private:
  absl::Mutex mutex_;
  absl::flat_hash_set<int> sockets_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

// Registers the socket of one connection while this lives. It keeps a duplicate of the descriptor,
// because the system may reuse the original after the connection closes it.
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

#include "common/db/open_sockets.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace vibestack::db {

OpenSockets::Entry::Entry(OpenSockets& sockets, int socket)
    : sockets_(sockets), socket_(fcntl(socket, F_DUPFD_CLOEXEC, 0)) {
  if (socket_ < 0) throw std::system_error(errno, std::generic_category(), "F_DUPFD_CLOEXEC");
  absl::MutexLock lock(&sockets_.mutex_);
  sockets_.sockets_.insert(socket_);
  if (sockets_.ended_) shutdown(socket_, SHUT_RDWR);
}

OpenSockets::Entry::~Entry() {
  absl::MutexLock lock(&sockets_.mutex_);
  sockets_.sockets_.erase(socket_);
  close(socket_);
}

void OpenSockets::End() {
  absl::MutexLock lock(&mutex_);
  ended_ = true;
  for (const int socket : sockets_) shutdown(socket, SHUT_RDWR);
}

}  // namespace vibestack::db
